import { consumers, intAttribute, intsAttribute, type Network, type NetworkNode } from '../../core/graph/network'
import { opRow } from '../../core/graph/ops'
import { volume } from '../../core/graph/ops/row'
import { inferShapes } from '../../core/graph/shapes'
import { createRandom, deriveSeed } from '../../core/statistics/random'

/** How a made-up device runs layers of one geometry (operator, kernel, stride, image size), whatever their widths. */
interface Kernel {
  /** Output channels are computed in blocks of so many. */
  readonly outBlock: number
  /** Input channels are padded to multiples of so many. */
  readonly inBlock: number
  /** Multiply-accumulates per ms. */
  readonly speed: number
  /** A slower kernel where output channels are no multiple of 4: its time over the usual one's; 1 = none such. */
  readonly misaligned: number
}

/** What holds for the whole made-up device. */
interface Traits {
  /** ms to start a kernel. */
  readonly launch: number
  /** Bytes per ms. */
  readonly bandwidth: number
  /** ms per inference beside all kernels. */
  readonly base: number
  /** A convolution swallows the Add behind it when its input channels are a multiple of this; else the Add runs alone. */
  readonly fuseAlign: number
  /** Bytes of weights at which the cache is half exhausted, and by how much everything slows down then, at most. */
  readonly cache: number
  readonly pressure: number
}

export interface LayerCost {
  readonly name: string
  readonly op: string
  /** ms */
  readonly ms: number
  readonly bound: 'compute' | 'memory' | 'fused'
}

/** The hidden truth of `synthetic:SEED`: what each layer and the whole network take, ms, without noise. */
export interface World {
  layers(network: Network): LayerCost[]
  /** ms; layers do not add up to it. */
  latency(network: Network): number
}

const oneOf = <T>(list: readonly T[], draw: number): T =>
  list[Math.min(list.length - 1, Math.floor(draw * list.length))]!

/** Ops a runtime folds into the operator before them. */
const absorbed = new Set(['BatchNormalization', 'Relu', 'Clip', 'LeakyRelu'])

/** The made-up device of a seed. */
export function createWorld(seed: number): World {
  const random = createRandom(deriveSeed(seed, 'traits'))
  const traits: Traits = {
    launch: 0.001 + 0.003 * random.next(),
    bandwidth: 4e6 * (1 + 2 * random.next()),
    base: 0.02 + 0.05 * random.next(),
    fuseAlign: oneOf([1, 4, 8], random.next()),
    cache: 2e5 * (1 + 9 * random.next()),
    pressure: 0.05 + 0.15 * random.next(),
  }
  const kernels = new Map<string, Kernel>()
  const kernelOf = (geometry: string): Kernel => {
    const known = kernels.get(geometry)
    if (known) return known
    const draw = createRandom(deriveSeed(seed, geometry))
    const kernel: Kernel = {
      outBlock: oneOf([8, 8, 16, 16, 32], draw.next()),
      inBlock: oneOf([1, 4, 8], draw.next()),
      speed: 8e6 * (1 + draw.next()),
      misaligned: draw.next() < 0.3 ? 1.1 + 0.3 * draw.next() : 1,
    }
    kernels.set(geometry, kernel)
    return kernel
  }
  const layers = (network: Network): LayerCost[] => layerCosts(network, traits, kernelOf)
  return {
    layers,
    latency(network) {
      let weights = 0
      for (const tensor of network.initializers.values()) weights += tensor.data.byteLength
      const sum = layers(network).reduce((total, layer) => total + layer.ms, 0)
      return traits.base + sum * (1 + (traits.pressure * weights) / (weights + traits.cache))
    },
  }
}

function layerCosts(network: Network, traits: Traits, kernelOf: (geometry: string) => Kernel): LayerCost[] {
  const shapes = inferShapes(network)
  const readers = consumers(network)
  const fused = new Set<string>()
  const bytes = (names: readonly string[]): number => names.reduce((sum, name) => sum + 4 * volume(shapes.get(name)), 0)
  return network.nodes.map((node): LayerCost => {
    const { name, op, inputs, outputs } = node
    if (fused.has(name)) {
      passOn(node, readers, fused)
      return { name, op, ms: 0, bound: 'fused' }
    }
    const look = (names: readonly string[]) => names.map((tensor) => shapes.get(tensor))
    const macs = opRow(node)?.macs?.(node, look(inputs), look(outputs)) ?? 0
    const memory = bytes([...inputs, ...outputs]) / traits.bandwidth
    if (macs === 0) return { name, op, ms: memory + traits.launch, bound: 'memory' }
    const [x, y] = [shapes.get(inputs[0]!) ?? [], shapes.get(outputs[0]!) ?? []]
    const [cin, cout] = [Number(x[1] ?? 1), Number(y[1] ?? 1)]
    const group = intAttribute(node, 'group', 1)
    const kernel = kernelOf(
      JSON.stringify([
        op,
        intsAttribute(node, 'kernel_shape', []),
        intsAttribute(node, 'strides', []),
        x.slice(2),
        group > 1,
      ]),
    )
    const padded = (channels: number, block: number): number => Math.ceil(channels / block) * block
    const blocks = (padded(cout, kernel.outBlock) / cout) * (group > 1 ? 1 : padded(cin, kernel.inBlock) / cin)
    const slow = cout % 4 === 0 ? 1 : kernel.misaligned
    const compute = ((macs * blocks) / kernel.speed) * slow
    passOn(node, readers, fused)
    // The later of an Add's two inputs swallows it: a shortcut is there before its branch.
    const add = addBehind(node, readers)
    if (add && cin % traits.fuseAlign === 0) fused.add(add.name)
    const bound = compute >= memory ? 'compute' : 'memory'
    return { name, op, ms: Math.max(compute, memory) + traits.launch, bound }
  })
}

/** What follows a node and is swallowed with it. */
function passOn(node: NetworkNode, readers: Map<string, NetworkNode[]>, fused: Set<string>): void {
  const behind = readers.get(node.outputs[0]!) ?? []
  if (behind.length === 1 && absorbed.has(behind[0]!.op)) fused.add(behind[0]!.name)
}

/** The Add that reads a node's result, perhaps behind its BatchNormalization, and nobody else does. */
function addBehind(node: NetworkNode, readers: Map<string, NetworkNode[]>): NetworkNode | undefined {
  const behind = readers.get(node.outputs[0]!) ?? []
  if (behind.length !== 1) return undefined
  if (behind[0]!.op === 'Add') return behind[0]
  return behind[0]!.op === 'BatchNormalization' ? addBehind(behind[0]!, readers) : undefined
}
