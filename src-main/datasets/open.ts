import { homedir } from 'node:os'
import { fail } from '../core/failure'
import { openCifar10, openCifar100 } from './cifar'
import type { Dataset } from './dataset'
import { createSample } from './sample/sample'

const supported = 'Use sample, cifar10:DIR or cifar100:DIR (the binary versions).'

/**
 * Opens a data set by its address: `sample`, `cifar10:DIR`, `cifar100:DIR`.
 * @throws LupineError usage 'dataset-address' when the address is not one; input 'dataset-missing',
 *   'dataset-truncated', 'dataset-label', 'dataset-unreadable', 'dataset-unsupported' for what it finds there
 */
export async function openDataset(address: string): Promise<Dataset> {
  if (address === 'sample') return createSample()
  const colon = address.indexOf(':')
  const scheme = colon < 0 ? address : address.slice(0, colon)
  const folder = colon < 0 ? '' : address.slice(colon + 1)
  if (scheme !== 'cifar10' && scheme !== 'cifar100' && scheme !== 'images')
    throw fail('usage', 'dataset-address', `"${address}" is not the address of a data set.`, supported)
  if (folder === '')
    throw fail('usage', 'dataset-address', `"${address}" names no folder.`, `Write ${scheme}:DIR. ${supported}`)
  if (scheme === 'images')
    throw fail(
      'input',
      'dataset-unsupported',
      `Folders of images can't be read yet (${address}).`,
      `Image folders come in a later version. ${supported}`,
    )
  // A shell leaves the tilde of cifar10:~/data alone, since no word begins with it.
  const path = folder.replace(/^~(?=\/|$)/, homedir())
  return scheme === 'cifar10' ? openCifar10(path) : openCifar100(path)
}
