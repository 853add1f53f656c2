import { fail } from '../../core/failure'
import type { Network } from '../../core/graph/network'
import { cleanNetwork } from '../../core/graph/clean'
import type { Dataset } from '../../datasets/dataset'
import { loadOnnx } from '../../formats/onnx/files'

/** A model file as the compiler wants it. @throws LupineError as loadOnnx */
export const loadNetwork = async (path: string): Promise<Network> => cleanNetwork(await loadOnnx(path))

/**
 * Checks that a network takes a data set's images.
 * @throws LupineError input 'input-shape'
 */
export function checkImages(network: Network, dataset: Dataset, place: string): void {
  const image = [dataset.channels, dataset.height, dataset.width]
  const wanted = network.inputs[0]?.shape?.slice(1)
  if (wanted?.length === 3 && wanted.every((dim, i) => typeof dim !== 'number' || dim === image[i])) return
  throw fail(
    'input',
    'input-shape',
    `${place} takes images of ${wanted?.join('×') ?? 'unknown shape'} but ${dataset.address} has ${image.join('×')} (channels × height × width).`,
    'Use the data set the network was trained for.',
  )
}

/** `limit` indices spread evenly over 0 … size−1; all of them without a limit. */
export function spread(size: number, limit = size): Uint32Array {
  const count = Math.min(limit, size)
  return Uint32Array.from({ length: count }, (_, i) => Math.floor((i * size) / count))
}
