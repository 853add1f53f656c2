import { toCanonicalOpset } from './canonical'
import { evaluateConstant, shapeTensor } from './fold'
import { isTensor, type Network, type NetworkNode, type Shape, type Tensor } from './network'
import { opRow } from './ops'
import { shapeContext } from './shapes'

/** Ops that change nothing at inference. */
const passThrough = new Set(['Identity', 'Dropout'])

/**
 * Folds what exporters leave behind: constants, Identity and Dropout, arithmetic on shapes, nodes nothing reads; then
 * raises the opset to the canonical one. The function computed is the same. Tensor names that survive keep their
 * names, so that a plan still speaks of the original file's tensors.
 */
export function cleanNetwork(network: Network): Network {
  const initializers = new Map(network.initializers)
  const shapes = new Map<string, Shape>(
    network.inputs.flatMap((input) => (input.shape ? [[input.name, input.shape]] : [])),
  )
  for (const [name, tensor] of initializers) shapes.set(name, tensor.shape)
  const context = shapeContext({ ...network, initializers }, shapes)
  const renamed = new Map<string, string>()
  const outputs = new Set(network.outputs.map((output) => output.name))
  const nodes: NetworkNode[] = []
  for (const original of network.nodes) {
    const node = { ...original, inputs: original.inputs.map((input) => renamed.get(input) ?? input) }
    const folded = foldNode(node, initializers, shapes)
    if (folded && !outputs.has(node.outputs[0]!)) {
      initializers.set(node.outputs[0]!, folded)
      shapes.set(node.outputs[0]!, folded.shape)
    } else if (passThrough.has(node.op) && node.domain === '' && !outputs.has(node.outputs[0]!)) {
      renamed.set(node.outputs[0]!, node.inputs[0]!)
    } else {
      nodes.push(node)
      opRow(node)
        ?.shape(node, context)
        .forEach((shape, i) => {
          if (shape && node.outputs[i]) shapes.set(node.outputs[i]!, shape)
        })
    }
  }
  return toCanonicalOpset(withoutDeadParts({ ...network, nodes, initializers }))
}

function foldNode(
  node: NetworkNode,
  initializers: ReadonlyMap<string, Tensor>,
  shapes: ReadonlyMap<string, Shape>,
): Tensor | undefined {
  if (node.domain !== '') return undefined
  if (node.op === 'Constant') return constantValue(node)
  if (node.op === 'Shape') {
    const shape = shapes.get(node.inputs[0]!)
    return shape && shapeTensor(shape)
  }
  if (node.inputs.length === 0) return undefined
  return evaluateConstant(
    node,
    node.inputs.map((input) => initializers.get(input)),
  )
}

function constantValue(node: NetworkNode): Tensor | undefined {
  const value = node.attributes['value']
  if (isTensor(value)) return value
  const single = node.attributes['value_float'] ?? node.attributes['value_int']
  if (typeof single !== 'number') return undefined
  return 'value_int' in node.attributes
    ? { type: 'int64', shape: [], data: Float64Array.of(single) }
    : { type: 'float32', shape: [], data: Float32Array.of(single) }
}

/** Drops nodes whose outputs nothing reads and initializers nothing uses. */
export function withoutDeadParts(network: Network): Network {
  const needed = new Set(network.outputs.map((output) => output.name))
  const nodes: NetworkNode[] = []
  for (const node of [...network.nodes].reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue
    nodes.push(node)
    for (const input of node.inputs) needed.add(input)
  }
  const initializers = new Map([...network.initializers].filter(([name]) => needed.has(name)))
  return { ...network, nodes: nodes.reverse(), initializers }
}
