import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fail } from '../../core/failure'

export interface TensorInfo {
  readonly id: number
  readonly shape: number[]
  readonly dtype: number
}

/** The part of the addon that Lupine calls. Every tensor id has to be given back with deleteTensor. */
export interface TensorFlowBinding {
  readonly TF_FLOAT: number
  readonly TF_INT32: number
  readonly TF_Version: string
  isUsingGpuDevice(): boolean
  /** Shares the array's memory where it is aligned to 64 bytes, copies it elsewhere. */
  createTensor(shape: readonly number[], dtype: number, data: Float32Array | Int32Array): number
  deleteTensor(id: number): void
  /** A copy. */
  tensorDataSync(id: number): Float32Array | Int32Array
  loadSavedModel(folder: string, tags: string): number
  deleteSavedModel(id: number): void
  /** Names are lists, every entry followed by a comma. */
  runSavedModel(id: number, tensors: readonly number[], feeds: string, fetches: string): TensorInfo[]
}

const load = createRequire(import.meta.url)
const ADDON = join('lib', 'napi-v8', 'tfjs_binding.node')

/** Where set-up may have put the addon: the npm package's folder, and the per-user cache. */
function candidates(): string[] {
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'lupine', 'tensorflow', 'current')
  try {
    return [dirname(load.resolve('@tensorflow/tfjs-node-gpu/package.json')), cache]
  } catch {
    return [cache]
  }
}

/** The addon's path; undefined when TensorFlow is not set up. Reads the disk only. */
export function findAddon(): string | undefined {
  return candidates()
    .filter((folder) => existsSync(join(folder, 'deps', 'lib')))
    .map((folder) => join(folder, ADDON))
    .find((path) => existsSync(path))
}

let loaded: TensorFlowBinding | undefined

/** @throws LupineError work 'engine-missing' when TensorFlow is not set up, or its libraries do not load */
export function loadBinding(): TensorFlowBinding {
  if (loaded) return loaded
  // TensorFlow logs what CPU features it uses at every start; warnings and errors stay.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '1'
  const hint = 'Run: node scripts/setup/tensorflow.mjs. Or choose the wasm engine, which is slower.'
  const path = findAddon()
  if (!path) throw fail('work', 'engine-missing', 'TensorFlow is not set up.', hint)
  try {
    return (loaded = load(path) as TensorFlowBinding)
  } catch (error) {
    throw fail('work', 'engine-missing', `TensorFlow does not load: ${(error as Error).message}`, hint, error)
  }
}
