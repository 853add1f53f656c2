import { homedir } from 'node:os'
import { fail } from '../core/failure'
import { openCifar10, openCifar100 } from './cifar'
import type { Dataset, ImageShape, Split } from './dataset'
import { openFolder } from './images/folder'
import { createSample } from './sample/sample'

const supported = 'Use sample, cifar10:DIR, cifar100:DIR (the binary versions) or images:DIR (a folder per class).'

export interface OpenOptions {
  /** What the network takes: images of a folder are brought to this size. */
  readonly shape?: ImageShape
  readonly signal?: AbortSignal
}

/**
 * Opens a data set by its address: `sample`, `cifar10:DIR`, `cifar100:DIR`, `images:DIR`.
 * @throws LupineError usage 'dataset-address' when the address is not one; input 'dataset-missing',
 *   'dataset-truncated', 'dataset-label', 'dataset-unreadable', 'dataset-empty', 'dataset-class-empty',
 *   'dataset-layout' for what it finds there; 'dataset-size' for a folder without a size to bring its images to
 */
export async function openDataset(address: string, { shape, signal }: OpenOptions = {}): Promise<Dataset> {
  if (address === 'sample') return createSample()
  const colon = address.indexOf(':')
  const scheme = colon < 0 ? address : address.slice(0, colon)
  const folder = colon < 0 ? '' : address.slice(colon + 1)
  if (scheme !== 'cifar10' && scheme !== 'cifar100' && scheme !== 'images')
    throw fail('usage', 'dataset-address', `"${address}" is not the address of a data set.`, supported)
  if (folder === '')
    throw fail('usage', 'dataset-address', `"${address}" names no folder.`, `Write ${scheme}:DIR. ${supported}`)
  // A shell leaves the tilde of cifar10:~/data alone, since no word begins with it.
  const path = folder.replace(/^~(?=\/|$)/, homedir())
  if (scheme === 'cifar10') return openCifar10(path)
  if (scheme === 'cifar100') return openCifar100(path)
  if (!shape)
    throw fail(
      'input',
      'dataset-size',
      `The images of ${address} have no size of their own, and the network does not say which it takes.`,
      'Export the network for a fixed height and width.',
    )
  return openFolder(path, shape, signal)
}

/** A split that has images. @throws LupineError input 'dataset-split-empty' */
export function splitOf(dataset: Dataset, name: keyof Dataset['splits']): Split {
  const split = dataset.splits[name]
  if (split.size > 0) return split
  const what = { train: 'training', validation: 'validation', test: 'test' }[name]
  throw fail(
    'input',
    'dataset-split-empty',
    `${dataset.address} has no ${what} images.`,
    'Add a train/ folder beside val/, or give a folder per class that can be divided.',
  )
}
