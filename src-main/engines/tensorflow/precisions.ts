import type { Precision } from '../interface'

/** Instructions that multiply bfloat16 (Intel from Cooper Lake on, AMD from Zen 4 on). */
const instructions = /\b(avx512_bf16|amx_bf16)\b/

/**
 * What TensorFlow trains in here. Without the instructions oneDNN converts to and fro, which is slower than float32; on
 * a GPU bfloat16 was never tried, so it has to be asked for.
 * @param cpuinfo /proc/cpuinfo; '' where there is none
 */
export function precisionsOf({ cuda, cpuinfo }: { readonly cuda: boolean; readonly cpuinfo: string }): Precision[] {
  if (cuda) return ['float32', 'bfloat16']
  return instructions.test(cpuinfo) ? ['bfloat16', 'float32'] : ['float32']
}
