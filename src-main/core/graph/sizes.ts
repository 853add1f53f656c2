import { LupineError } from '../failure'
import { consumers, intAttribute, type Network, type NetworkNode, type Shape } from './network'
import type { PartialValue } from './values'

/** Sizes for the symbols of input shapes, by symbol: { height: 320, width: 320 }. */
export type Sizes = Readonly<Record<string, number>>

/** What follows from the shapes of the inputs. */
export interface Propagated {
  readonly shapes: Map<string, Shape>
  readonly values: Map<string, PartialValue>
}

/** Tried in this order: the sizes networks are usually made for, then what small or fully connected ones take. */
const usual = [224, 32, 28, 96, 64, 128, 256, 299, 48, 320, 512, 640, 16, 8]

type InputShapes = ReadonlyMap<string, Shape>

/** An input's shape with its free symbols replaced; a symbol on axis 0 is the batch and stays. */
const withSizes = (
  shape: Shape,
  name: string,
  sizeOf: (symbol: string, input: string, axis: number) => number,
): Shape => shape.map((dim, axis) => (typeof dim === 'string' && axis > 0 ? sizeOf(dim, name, axis) : dim))

/** Symbols in input shapes other than the batch, in order. */
export function freeSymbols(network: Network): string[] {
  const symbols = network.inputs.flatMap(({ shape }) => (shape ?? []).slice(1))
  return [...new Set(symbols.filter((dim) => typeof dim === 'string'))]
}

/**
 * Runs `infer` on inputs of concrete size and gives its result. Sizes not given are chosen so: a channel axis has as
 * many channels as the layer that reads it wants (else 3), and all other free axes have the first of the usual sizes
 * (224, 32, 28, …) at which no two shapes contradict each other.
 *
 * @throws LupineError 'onnx-shape' of the first usual size when none fits
 */
export function resolveSizes(
  network: Network,
  given: Sizes | undefined,
  infer: (inputs: InputShapes) => Propagated,
): Propagated {
  const free = freeSymbols(network).filter((symbol) => given?.[symbol] === undefined)
  const wanted = free.length > 0 ? channelSizes(network) : new Map<string, number>()
  const inputs = (size: number): InputShapes =>
    new Map(
      network.inputs.flatMap(({ name, shape }) =>
        shape ? [[name, withSizes(shape, name, (symbol) => given?.[symbol] ?? wanted.get(symbol) ?? size)]] : [],
      ),
    )
  if (free.every((symbol) => wanted.has(symbol))) return infer(inputs(usual[0]!))
  let first: unknown
  for (const size of usual) {
    try {
      return infer(inputs(size))
    } catch (error) {
      if (!(error instanceof LupineError)) throw error
      first ??= error
    }
  }
  throw first
}

/** Sizes of the symbols that stand for channels or features, from the weight of the layer that reads them. */
function channelSizes(network: Network): Map<string, number> {
  const readers = consumers(network)
  const sizes = new Map<string, number>()
  for (const { name, shape } of network.inputs)
    for (const node of readers.get(name) ?? []) {
      const found = shape && channelsRead(network, node)
      const symbol = found && shape[found.axis < 0 ? found.axis + shape.length : found.axis]
      if (typeof symbol === 'string') sizes.set(symbol, found!.size)
    }
  for (const { shape } of network.inputs) {
    const [, second, , last] = shape ?? []
    if (shape?.length !== 4 || typeof second !== 'string' || typeof last !== 'string') continue
    if (!sizes.has(second) && !sizes.has(last) && second !== last && second !== shape[2]) sizes.set(second, 3)
  }
  return sizes
}

function channelsRead(network: Network, node: NetworkNode): { axis: number; size: number } | undefined {
  const weight = network.initializers.get(node.inputs[1] ?? '')?.shape
  if (!weight) return undefined
  if (node.op === 'Conv') return { axis: 1, size: (weight[1] ?? 1) * intAttribute(node, 'group', 1) }
  if (node.op === 'ConvTranspose' || node.op === 'BatchNormalization') return { axis: 1, size: weight[0] ?? 1 }
  if (node.op === 'MatMul') return { axis: -1, size: weight[weight.length - 2] ?? weight[0] ?? 1 }
  if (node.op === 'Gemm') return { axis: 1, size: weight[intAttribute(node, 'transB', 0) ? 1 : 0] ?? 1 }
  return undefined
}
