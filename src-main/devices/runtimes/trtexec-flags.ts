/** What differs between versions of trtexec, read off its own --help. */
export interface TrtexecAbilities {
  /** Builds without timing: `--skipInference` from 8.6 on, `--buildOnly` before. */
  readonly buildOnly: '--skipInference' | '--buildOnly'
  /** Transfers left out, spinning and CUDA graphs are the default from 11 on; their options do nothing there. */
  readonly lean: boolean
  /** From 8.5.1 on percentiles may be a list. */
  readonly percentiles: boolean
  readonly layerInfo: boolean
  readonly timingCache: boolean
}

export type TrtPrecision = 'fp32' | 'fp16' | 'int8'

/** "8.6.1" of the banner "[TensorRT v8601]"; from 10 on "v100001" is 10.0.1. Undefined without one. */
export function trtexecVersion(text: string): string | undefined {
  const number = Number(/\[TensorRT v(\d{4,6})\]/.exec(text)?.[1] ?? NaN)
  if (Number.isNaN(number)) return undefined
  const major = number < 10_000 ? 1000 : 10_000
  return [Math.floor(number / major), Math.floor((number % major) / 100), number % 100].join('.')
}

/** @param help what `trtexec --help` says @param version of its banner, where it tells one */
export function trtexecAbilities(help: string, version?: string): TrtexecAbilities {
  const has = (option: string): boolean => new RegExp(`${option}\\b`).test(help)
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number)
  return {
    buildOnly: has('--skipInference') ? '--skipInference' : '--buildOnly',
    lean: has('--includeDataTransfers'),
    percentiles: major > 8 || (major === 8 && minor >= 5) || /percentile=P1,P2/.test(help),
    layerInfo: has('--exportLayerInfo'),
    timingCache: has('--timingCacheFile'),
  }
}

export interface EngineFiles {
  readonly onnx: string
  readonly engine: string
  readonly timingCache: string
}

/** Builds an engine and keeps it, with what was learnt about tactics. */
export const buildCommand = (
  { onnx, engine, timingCache }: EngineFiles,
  precision: TrtPrecision,
  can: TrtexecAbilities,
) => [
  `--onnx=${onnx}`,
  ...(precision === 'fp32' ? [] : [`--${precision}`]),
  // int8 kernels alone are rarely best: what fp16 does faster stays in fp16.
  ...(precision === 'int8' ? ['--fp16'] : []),
  `--saveEngine=${engine}`,
  ...(can.timingCache ? [`--timingCacheFile=${timingCache}`] : []),
  // Before 8.6 it is called otherwise, and says the same with --verbose only.
  ...(can.buildOnly === '--skipInference' ? ['--profilingVerbosity=detailed'] : []),
  can.buildOnly,
]

const lean = (can: TrtexecAbilities): string[] => (can.lean ? [] : ['--noDataTransfers', '--useSpinWait'])

/** Times an engine: every inference's times go to a file. All limits are minimums. */
export const timeCommand = (engine: string, times: string, seconds: number, rounds: number, can: TrtexecAbilities) => [
  `--loadEngine=${engine}`,
  ...['--warmUp=500', `--duration=${seconds}`, `--iterations=${rounds}`, '--avgRuns=1'],
  ...lean(can),
  ...(can.lean ? [] : ['--useCudaGraph']),
  can.percentiles ? '--percentile=50,90,95,99' : '--percentile=99',
  `--exportTimes=${times}`,
]

/** Times of layers: a run of its own, since hooks disturb, and CUDA graphs are off meanwhile. */
export const layerCommand = (engine: string, profile: string, info: string, seconds: number, can: TrtexecAbilities) => [
  `--loadEngine=${engine}`,
  ...['--warmUp=500', `--duration=${seconds}`],
  ...lean(can),
  ...(can.lean ? [] : ['--separateProfileRun']),
  ...['--dumpProfile', `--exportProfile=${profile}`],
  ...(can.layerInfo ? [`--exportLayerInfo=${info}`] : []),
]
