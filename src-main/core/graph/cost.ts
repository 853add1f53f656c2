import { elementCount, type Network, type Shape } from './network'
import { opRow } from './ops'
import { volume } from './ops/row'
import { byteLength } from './tensors'
import { inferShapes, type Shapes } from './shapes'

export interface NodeCost {
  readonly node: string
  readonly op: string
  /** Multiply-accumulates for one input. */
  readonly macs: number
}

export interface NetworkCost {
  /** Multiply-accumulates for one input; many papers call these "FLOPs". */
  readonly macs: number
  /** Trainable values: weights, biases, BN scale and shift (not BN's running statistics). */
  readonly params: number
  /** Bytes of all initializers. */
  readonly weightBytes: number
  /** Largest sum of live activations during one inference in node order, bytes, float32. */
  readonly peakActivationBytes: number
  readonly nodes: readonly NodeCost[]
}

/** MACs, parameters and memory of a network for one input. */
export function networkCost(network: Network, shapes: Shapes = inferShapes(network)): NetworkCost {
  const look = (names: readonly string[]): (Shape | undefined)[] => names.map((name) => shapes.get(name))
  const nodes = network.nodes.map((node) => ({
    node: node.name,
    op: node.op,
    macs: opRow(node)?.macs?.(node, look(node.inputs), look(node.outputs)) ?? 0,
  }))
  const trainable = trainableInitializers(network)
  let params = 0
  let weightBytes = 0
  for (const [name, tensor] of network.initializers) {
    weightBytes += byteLength(tensor)
    if (trainable.has(name)) params += elementCount(tensor.shape)
  }
  const macs = nodes.reduce((sum, cost) => sum + cost.macs, 0)
  return { macs, params, weightBytes, peakActivationBytes: peakActivation(network, shapes), nodes }
}

/** Names of the initializers training would change. */
export function trainableInitializers(network: Network): Set<string> {
  const names = new Set<string>()
  for (const node of network.nodes) {
    // Inputs 3 and 4 of BatchNormalization are running statistics; those of Slice, Pad, … are not float.
    const learned = node.op === 'BatchNormalization' ? node.inputs.slice(1, 3) : node.inputs
    for (const input of learned) {
      const tensor = network.initializers.get(input)
      if (tensor && tensor.type.startsWith('float') && tensor.shape.length > 0 && !isParameterInput(node.op))
        names.add(input)
    }
  }
  return names
}

/** Ops whose constant inputs configure them rather than being learned. */
const isParameterInput = (op: string): boolean => ['Pad', 'Clip', 'Resize', 'Slice', 'Reshape'].includes(op)

function peakActivation(network: Network, shapes: Shapes): number {
  const last = new Map<string, number>()
  network.nodes.forEach((node, i) => node.inputs.forEach((input) => last.set(input, i)))
  for (const output of network.outputs) last.set(output.name, network.nodes.length)
  const bytes = (name: string) => 4 * volume(shapes.get(name))
  let live = network.inputs.reduce((sum, input) => sum + bytes(input.name), 0)
  let peak = live
  network.nodes.forEach((node, i) => {
    for (const output of node.outputs) if (output) live += bytes(output)
    peak = Math.max(peak, live)
    for (const input of new Set(node.inputs))
      if (input && last.get(input) === i && !network.initializers.has(input)) live -= bytes(input)
  })
  return peak
}
