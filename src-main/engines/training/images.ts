import type { Network } from '../../core/graph/network'
import { cleanNetwork } from '../../core/graph/clean'
import type { ImageShape } from '../../datasets/dataset'
import { loadOnnx } from '../../formats/onnx/files'

/** A model file as the compiler wants it. @throws LupineError as loadOnnx */
export const loadNetwork = async (path: string): Promise<Network> => cleanNetwork(await loadOnnx(path))

/** Images per batch when nothing is trained: up to 256, and about 32 MB of input. */
export const batchFor = ({ channels, height, width }: ImageShape): number =>
  Math.max(8, Math.min(256, Math.floor(8e6 / (channels * height * width))))
