import { consumers, elementCount, type Network, type NetworkNode } from '../core/graph/network'
import { createRandom } from '../core/statistics/random'

/** An input to check a network on. */
export interface Probe {
  readonly shape: readonly number[]
  /** What the network expects its values to be: normalised, or bytes as they come from a picture. */
  readonly values: 'normal' | 'bytes'
}

/** Values in an input of open size are tried until onnxruntime takes one: sides of images, in this order. */
const sides = [64, 32, 224, 28, 96, 48, 128, 320]
const mostValues = 1_500_000
const mostImages = 8

/** Likely inputs of a network, the likeliest first. At least one. */
export function inputsToTry(network: Network): Probe[] {
  const shape = network.inputs[0]?.shape ?? []
  const values = readsBytes(network) ? 'bytes' : 'normal'
  const open = shape.slice(1).some((dim) => typeof dim !== 'number' || dim < 1)
  const [first] = shape
  return (open ? sides : sides.slice(0, 1)).flatMap((side): Probe[] => {
    const image = shape.slice(1).map((dim) => (typeof dim === 'number' && dim > 0 ? dim : side))
    if (typeof first === 'number' && first > 0) return [{ shape: [first, ...image], values }]
    const batch = Math.max(1, Math.min(mostImages, Math.floor(mostValues / elementCount(image))))
    // Some files say that their batch is open and have it written into a Reshape.
    const batches = batch > 1 ? [batch, 1] : [1]
    return batches.map((count) => ({ shape: shape.length ? [count, ...image] : [], values }))
  })
}

/** Whether the first thing a network does is to bring bytes to its scale. */
function readsBytes(network: Network): boolean {
  const readers = consumers(network)
  const numbersOf = (node: NetworkNode) =>
    node.inputs.flatMap((input) => Array.from(network.initializers.get(input)?.data ?? [], Number).slice(0, 16))
  let reader = readers.get(network.inputs[0]?.name ?? '')?.[0]
  for (let i = 0; reader && i < 4; i++) {
    const constants = numbersOf(reader)
    const large = constants.some((value) => Math.abs(value) >= 16)
    const small = constants.length > 0 && constants.every((value) => Math.abs(value) > 0 && Math.abs(value) < 1 / 32)
    if (reader.op === 'ImageScaler') return true
    if ((reader.op === 'Sub' || reader.op === 'Add' || reader.op === 'Div') && large) return true
    if (reader.op === 'Mul' && small) return true
    if (!['Transpose', 'Cast', 'Identity', 'Unsqueeze', 'Sub', 'Div', 'Mul'].includes(reader.op)) return false
    reader = readers.get(reader.outputs[0] ?? '')?.[0]
  }
  return false
}

/** The values of a probe, always the same. */
export function probe({ shape, values }: Probe): Float32Array {
  const random = createRandom(1)
  const next = values === 'bytes' ? () => random.below(256) : () => random.normal()
  return Float32Array.from({ length: elementCount(shape) }, next)
}
