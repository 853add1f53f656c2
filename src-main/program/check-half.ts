import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { LupineError } from '../core/failure'
import type { Network } from '../core/graph/network'
import type { ForwardRequest, ForwardResult } from '../engines/interface'
import { compareOutputs, worstOf, type Forwarder, type OutputDifference } from './compare'

export type HalfAgreement =
  | (Omit<OutputDifference, 'name'> & {
      /** Whether rounding to half precision explains the difference. */
      readonly agrees: boolean
    })
  /** Why onnxruntime does not run the file as it is. */
  | { readonly refused: string }

/**
 * What half precision may make of an output, against its range: at most 1.5e-3 in 27 real networks of up to 56 layers
 * (activations are rounded to 11 bits, 5e-4, layer after layer); a misread weight makes tenths.
 */
const halfTolerance = 1e-2

/**
 * The engine's outputs against those of the file as exported; the one that differs most.
 * @param got the engine's
 * @param request the file, and the input that the engine had
 */
export async function againstHalf(
  got: ForwardResult,
  request: Omit<ForwardRequest, 'into'>,
  { outputs }: Network,
  ort: Forwarder,
  folder: string,
): Promise<HalfAgreement> {
  const made = new Set(got.outputs.map(({ name }) => name))
  const names = outputs.map(({ name }) => name).filter((name) => made.has(name))
  if (names.length === 0) return { refused: 'The engine makes none of its outputs.' }
  const into = await mkdtemp(join(folder, 'exported-'))
  try {
    const exported = await ort.call('forward', { ...request, outputs: names, into, asExported: true })
    const { maxAbsDiff, outputRange, maxRelDiff } = worstOf(await compareOutputs(exported.outputs, got.outputs))
    return { maxAbsDiff, outputRange, maxRelDiff, agrees: maxRelDiff < halfTolerance }
  } catch (error) {
    if (error instanceof LupineError && error.failure.code === 'onnxruntime-refused') return { refused: error.message }
    throw error
  }
}
