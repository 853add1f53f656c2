import { intAttribute, isTensor, type DataType, type Network, type NetworkNode } from './network'

/** ONNX's element type codes (TensorProto.DataType), as Cast's `to` names them. */
export const elementTypes: Readonly<Record<number, DataType>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
}

const truthOps = new Set(['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'And', 'Or', 'Not', 'Xor'])
const truths = new Set([...truthOps, 'IsNaN', 'IsInf'])
const indices = new Set(['Shape', 'Size', 'ArgMax', 'ArgMin', 'NonZero', 'NonMaxSuppression'])
/** Ops whose result has the type of an input other than the first. */
const typedBy: Readonly<Record<string, number>> = { Where: 1, OneHot: 2, CastLike: 1 }

/** Element type of a node's output; undefined where it cannot be told. */
export function outputType(
  node: NetworkNode,
  output: number,
  typeOf: (name: string | undefined) => DataType | undefined,
): DataType | undefined {
  if (node.domain !== '') return undefined
  if (truths.has(node.op)) return 'bool'
  if (indices.has(node.op) || (node.op === 'TopK' && output === 1)) return 'int64'
  if (node.op === 'MaxPool' && output === 1) return 'int64'
  if (node.op === 'Cast') return elementTypes[intAttribute(node, 'to', 0)]
  if (node.op === 'Constant' || node.op === 'ConstantOfShape') {
    const value = node.attributes['value']
    if (isTensor(value)) return value.type
    return node.op === 'ConstantOfShape' || 'value_float' in node.attributes || 'value_floats' in node.attributes
      ? 'float32'
      : 'int64'
  }
  return typeOf(node.inputs[typedBy[node.op] ?? 0])
}

/** Element type per tensor, where it can be told. */
export function inferTypes(network: Network): Map<string, DataType> {
  const types = new Map<string, DataType>(network.inputs.map(({ name, type }) => [name, type]))
  for (const [name, tensor] of network.initializers) types.set(name, tensor.type)
  for (const node of network.nodes)
    node.outputs.forEach((name, i) => {
      const type = outputType(node, i, (input) => (input ? types.get(input) : undefined))
      if (name && type) types.set(name, type)
    })
  return types
}
