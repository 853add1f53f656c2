import { fail } from '../core/failure'
import type { Network } from '../core/graph/network'
import type { Sizes } from '../core/graph/sizes'

/**
 * Sizes for what a file leaves open of its first input, from --input: the sizes behind the batch in the file's order,
 * 3x320x320. Undefined without the option, or where nothing is open.
 * @param place the model's path, for messages
 * @throws LupineError usage 'input-syntax'; input 'input-fixed' when a size that the file fixes is another
 */
export function sizesFrom(input: string | undefined, network: Network, place: string): Sizes | undefined {
  if (input === undefined) return undefined
  const given = input.split('x').map(Number)
  if (!given.every((size) => Number.isInteger(size) && size > 0))
    throw fail('usage', 'input-syntax', `--input "${input}" is not like 3x224x224.`, 'For example --input 3x320x320.')
  const [first] = network.inputs
  const shape = first?.shape?.slice(1)
  const misfit = (what: string) =>
    fail('input', 'input-fixed', `--input ${input} does not fit ${place}: ${what}.`, 'lupine inspect shows its input.')
  if (!shape) throw misfit('the file gives no shape of its input')
  const shown = `"${first!.name}" is [${first!.shape!.join(', ')}]`
  if (shape.length !== given.length)
    throw misfit(`${shown}, which takes ${shape.length} sizes behind the batch, not ${given.length}`)
  const sizes: Record<string, number> = {}
  shape.forEach((dim, axis) => {
    const size = given[axis]!
    const known = typeof dim === 'number' ? dim : sizes[dim]
    if (known !== undefined && known !== size)
      throw misfit(`${shown}, where ${typeof dim === 'number' ? dim : `"${dim}"`} cannot be ${size}`)
    if (typeof dim === 'string') sizes[dim] = size
  })
  return Object.keys(sizes).length > 0 ? sizes : undefined
}

/** The network with these sizes written into its inputs. */
export const withSizes = (network: Network, sizes: Sizes | undefined): Network =>
  sizes === undefined
    ? network
    : {
        ...network,
        inputs: network.inputs.map((info) => ({
          ...info,
          shape: info.shape?.map((dim, axis) => (typeof dim === 'string' && axis > 0 ? (sizes[dim] ?? dim) : dim)),
        })),
      }
