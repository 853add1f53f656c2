import { fail } from '../core/failure'
import type { Dim, Network } from '../core/graph/network'
import { beforeFinalActivation } from '../core/graph/outputs'
import { inferShapes } from '../core/graph/shapes'
import type { Dataset, ImageShape } from '../datasets/dataset'
import { openDataset } from '../datasets/open'

/**
 * Opens the data set at an address for a network: images of a folder are brought to its input's size.
 * @param place the model's path, for messages
 * @throws LupineError of the data set; input 'input-shape', 'classes-differ' when it is not one for this network
 */
export async function openImages(
  network: Network,
  address: string,
  place: string,
  signal?: AbortSignal,
): Promise<Dataset> {
  const wanted = network.inputs[0]?.shape?.slice(1)
  const shape = imageShape(wanted)
  const dataset = await openDataset(address, { ...(shape && { shape }), ...(signal && { signal }) })
  checkShape(wanted, dataset, place)
  checkClasses(network, dataset)
  return dataset
}

/** Fixed height and width, and grey or colour. */
function imageShape(wanted: readonly Dim[] | undefined): ImageShape | undefined {
  if (wanted?.length !== 3) return undefined
  const [channels, height, width] = wanted
  if (typeof channels !== 'number' || typeof height !== 'number' || typeof width !== 'number') return undefined
  return channels === 1 || channels === 3 ? { channels, height, width } : undefined
}

function checkShape(wanted: readonly Dim[] | undefined, dataset: Dataset, place: string): void {
  const image = [dataset.channels, dataset.height, dataset.width]
  if (wanted?.length === 3 && wanted.every((dim, i) => typeof dim !== 'number' || dim === image[i])) return
  throw fail(
    'input',
    'input-shape',
    `${place} takes images of ${wanted?.join('×') ?? 'unknown shape'} but ${dataset.address} has ${image.join('×')} (channels × height × width).`,
    'Use the data set the network was trained for.',
  )
}

/** @throws LupineError input 'classes-differ' when both numbers are known and are not the same */
export function checkClasses(network: Network, dataset: Dataset): void {
  const { outputs } = beforeFinalActivation(network)
  const shape = inferShapes(network)
    .get(outputs[0]?.name ?? '')
    ?.slice(1)
  if (dataset.classes.length === 0 || !shape?.every((dim) => typeof dim === 'number')) return
  const width = shape.reduce<number>((product, dim) => product * (dim as number), 1)
  if (width !== dataset.classes.length) throw classesDiffer(width, dataset)
}

export const classesDiffer = (width: number, dataset: Dataset) =>
  fail(
    'input',
    'classes-differ',
    `The network has ${width} outputs but ${dataset.address} has ${dataset.classes.length} classes.`,
    'Use the data set the network was trained for.',
  )

/** @throws LupineError input 'labels-missing' when the images have none */
export function needLabels(dataset: Dataset, what: string, hint = 'Sort the images into a folder per class.'): void {
  if (dataset.classes.length > 0) return
  throw fail('input', 'labels-missing', `${dataset.address} has no labels, and ${what} needs them.`, hint)
}
