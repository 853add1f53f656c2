import { dirname } from 'node:path'
import { LupineError } from '../core/failure'
import { cleanNetwork } from '../core/graph/clean'
import type { Network } from '../core/graph/network'
import { externalData } from '../formats/onnx/external'
import { readModelBytes } from '../formats/onnx/files'
import { readOnnx } from '../formats/onnx/read'

export interface LoadedModel {
  /** The file as it is. */
  readonly bytes: Uint8Array
  /** Is everything in that file, no weights in others? */
  readonly whole: boolean
  /** As the exporter wrote it. */
  readonly given: Network
  /** Cleaned up: what everything else works on. */
  readonly network: Network
}

/** Reads and cleans a model file. @throws LupineError kind 'input' naming the file */
export async function loadModel(path: string): Promise<LoadedModel> {
  const bytes = await readModelBytes(path)
  const beside = externalData(dirname(path), path)
  let whole = true
  const given = readOnnx(bytes, path, (entries, tensor) => {
    whole = false
    return beside(entries, tensor)
  })
  return { bytes, whole, given, network: naming(path, () => cleanNetwork(given)) }
}

/** Runs `work`; a failure of the input that does not name the file is made to. */
export function naming<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof LupineError) || error.failure.kind !== 'input' || error.message.includes(path)) throw error
    throw new LupineError({ ...error.failure, message: `${path}: ${error.message}` }, { cause: error })
  }
}
