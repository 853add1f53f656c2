import { intAttribute, type AttributeValue, type Network, type NetworkNode, type Tensor } from './network'
import { opRow } from './ops'

/** The opset inside: the oldest whose BatchNormalization recalibrates in onnxruntime is 14; 17 is widely supported. */
export const canonicalOpset = 17

/**
 * Older opsets kept in attributes what 17 takes as inputs (Slice, Pad, Clip, Squeeze, …). Rewrites those nodes and
 * raises the opset, so that everything behind sees one form. A network with an unknown standard op keeps its opset:
 * Lupine does not know what that op means in another version.
 */
export function toCanonicalOpset(network: Network): Network {
  if (network.opset >= canonicalOpset) return network
  if (network.nodes.some((node) => node.domain === '' && !opRow(node) && node.op !== 'Constant')) return network
  if (network.nodes.some((node) => cannotRaise(node, network.opset))) return network
  const initializers = new Map(network.initializers)
  const nodes = network.nodes.map((node) => raise(node, network.opset, initializers))
  return { ...network, opset: canonicalOpset, nodes, initializers }
}

/** Softmax before opset 13 flattened from its axis on; the same only where that axis is the last. */
const cannotRaise = (node: NetworkNode, opset: number): boolean =>
  opset < 13 && (node.op === 'Softmax' || node.op === 'LogSoftmax') && intAttribute(node, 'axis', 1) !== 1

function raise(node: NetworkNode, opset: number, initializers: Map<string, Tensor>): NetworkNode {
  const lists = moved[node.op]
  const rest = (names: readonly string[]): Record<string, AttributeValue> =>
    Object.fromEntries(Object.entries(node.attributes).filter(([name]) => !names.includes(name)))
  const constant = (name: string, values: readonly number[], type: 'int64' | 'float32'): string => {
    const id = `${node.name}/${name}`
    const data = type === 'int64' ? Float64Array.from(values) : Float32Array.from(values)
    initializers.set(id, { type, shape: type === 'float32' ? [] : [values.length], data })
    return id
  }
  if (node.op === 'BatchNormalization') return { ...node, attributes: rest(['spatial', 'is_test', 'consumed_inputs']) }
  if (!lists || !lists.some((name) => node.attributes[name] !== undefined)) return node
  if (opset >= 13) return node
  const inputs = [node.inputs[0]!]
  for (const name of lists) {
    const value = node.attributes[name]
    if (value === undefined) inputs.push('')
    else if (Array.isArray(value)) inputs.push(constant(name, value as number[], 'int64'))
    else inputs.push(constant(name, [value as number], 'float32'))
  }
  while (inputs[inputs.length - 1] === '') inputs.pop()
  return { ...node, inputs, attributes: rest(lists) }
}

/** Attributes that became inputs, in input order. ReduceMean's axes stayed an attribute until 18. */
const moved: Record<string, readonly string[]> = {
  Slice: ['starts', 'ends', 'axes'],
  Pad: ['pads', 'value'],
  Clip: ['min', 'max'],
  Squeeze: ['axes'],
  Unsqueeze: ['axes'],
  ReduceSum: ['axes'],
}
