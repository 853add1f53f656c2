import { elementCount, intAttribute, isTensor, type NetworkNode, type Tensor, type TensorData } from './network'
import { sliceIndices } from './ops/layout'
import { normalizeAxis } from './ops/row'

/**
 * Evaluates the small integer arithmetic exporters leave in a graph (Shape/Gather/Concat chains, Constant pads), so
 * that shapes and pads become constants. Returns undefined for what it does not know: the node then stays.
 */
export function evaluateConstant(node: NetworkNode, inputs: readonly (Tensor | undefined)[]): Tensor | undefined {
  if (node.domain !== '') return undefined
  const evaluate = evaluators[node.op]
  if (!evaluate || inputs.some((input, i) => node.inputs[i] && !input)) return undefined
  if (inputs.some((input) => input && input.data.length > 4096)) return undefined
  return evaluate(node, inputs as Tensor[])
}

const make = (like: Tensor, shape: readonly number[], values: readonly number[]): Tensor => {
  const Data = like.data.constructor as new (values: readonly number[]) => TensorData
  return { type: like.type, shape, data: new Data(values) }
}

const int64 = (shape: readonly number[], values: readonly number[]): Tensor => ({
  type: 'int64',
  shape,
  data: Float64Array.from(values),
})

type Evaluate = (node: NetworkNode, inputs: Tensor[]) => Tensor | undefined

const arithmetic =
  (apply: (a: number, b: number) => number): Evaluate =>
  (_node, [a, b]) => {
    const size = Math.max(a!.data.length, b!.data.length)
    // Scalars broadcast; anything else must match in size.
    if (![a!, b!].every((t) => t.data.length === size || t.data.length === 1)) return undefined
    const shape = a!.data.length === size ? a!.shape : b!.shape
    const at = (t: Tensor, i: number) => Number(t.data[t.data.length === 1 ? 0 : i])
    const integer = a!.type.startsWith('int')
    const values = Array.from({ length: size }, (_, i) => apply(at(a!, i), at(b!, i)))
    return make(a!, shape, integer ? values.map(Math.trunc) : values)
  }

const toType: Record<number, () => { type: Tensor['type']; make: (v: number[]) => TensorData }> = {
  1: () => ({ type: 'float32', make: (v) => Float32Array.from(v) }),
  6: () => ({ type: 'int32', make: (v) => Int32Array.from(v, Math.trunc) }),
  7: () => ({ type: 'int64', make: (v) => Float64Array.from(v, Math.trunc) }),
}

const evaluators: Record<string, Evaluate> = {
  Add: arithmetic((a, b) => a + b),
  Sub: arithmetic((a, b) => a - b),
  Mul: arithmetic((a, b) => a * b),
  Div: arithmetic((a, b) => a / b),
  Identity: (_node, [x]) => x,
  Cast(node, [x]) {
    const target = toType[intAttribute(node, 'to', 0)]?.()
    return target && { type: target.type, shape: x!.shape, data: target.make(Array.from(x!.data, Number)) }
  },
  CastLike: (_node, [x, like]) => make(like!, x!.shape, Array.from(x!.data, Number)),
  Concat(_node, inputs) {
    if (inputs.some((x) => x.shape.length !== 1)) return undefined
    const values = inputs.flatMap((x) => Array.from(x.data, Number))
    return make(inputs[0]!, [values.length], values)
  },
  Gather(node, [x, index]) {
    if (intAttribute(node, 'axis', 0) !== 0 || x!.shape.length !== 1) return undefined
    return make(
      x!,
      index!.shape,
      Array.from(index!.data, (i) => Number(x!.data[normalizeAxis(i, x!.data.length)])),
    )
  },
  Unsqueeze: (node, [x, axes]) => reshape(x!, unsqueezed(x!.shape, numbers(axes) ?? attribute(node, 'axes'))),
  Squeeze: (_node, [x]) =>
    reshape(
      x!,
      x!.shape.filter((dim) => dim !== 1),
    ),
  Reshape(_node, [x, target]) {
    const dims = Array.from(target!.data, Number)
    const hole = dims.indexOf(-1)
    if (hole >= 0) dims[hole] = x!.data.length / elementCount(dims.filter((_, i) => i !== hole))
    return reshape(x!, dims)
  },
  Slice(_node, [x, starts, ends, axes, steps]) {
    if (x!.shape.length === 2 && (numbers(axes) ?? [0])[0] === 0) return sliceRows(x!, starts!, ends!, steps)
    if (x!.shape.length !== 1) return undefined
    const kept = sliceIndices(x!.data.length, starts!.data[0]!, ends!.data[0]!, steps?.data[0] ?? 1)
    return make(
      x!,
      [kept.length],
      kept.map((i) => Number(x!.data[i])),
    )
  },
  Transpose(node, [x]) {
    if (x!.shape.length !== 2) return undefined
    const perm = attribute(node, 'perm') ?? [1, 0]
    if (perm[0] === 0) return x
    const [rows, columns] = x!.shape as [number, number]
    return make(
      x!,
      [columns, rows],
      Array.from(x!.data, (_, i) => Number(x!.data[(i % rows) * columns + Math.floor(i / rows)])),
    )
  },
  ConstantOfShape(node, [shape]) {
    const dims = Array.from(shape!.data, Number)
    // A large one is a weightless model's weight: leave it in the graph.
    if (elementCount(dims) > 4096) return undefined
    const value = node.attributes['value']
    const fill = isTensor(value) ? value : { type: 'float32' as const, shape: [1], data: Float32Array.of(0) }
    return make(fill, dims, new Array<number>(elementCount(dims)).fill(Number(fill.data[0])))
  },
  Expand(_node, [x, shape]) {
    const dims = Array.from(shape!.data, Number)
    return x!.data.length === 1 && elementCount(dims) <= 4096
      ? make(x!, dims, new Array<number>(elementCount(dims)).fill(Number(x!.data[0])))
      : x!.data.length === elementCount(dims)
        ? reshape(x!, dims)
        : undefined
  },
}

const numbers = (tensor: Tensor | undefined): number[] | undefined => tensor && Array.from(tensor.data, Number)

const attribute = (node: NetworkNode, name: string): number[] | undefined => {
  const value = node.attributes[name]
  return Array.isArray(value) ? (value as number[]) : undefined
}

const reshape = (tensor: Tensor, shape: readonly number[]): Tensor => ({ ...tensor, shape })

function unsqueezed(shape: readonly number[], axes: number[] | undefined): number[] {
  const rank = shape.length + (axes?.length ?? 0)
  const at = new Set(axes?.map((axis) => normalizeAxis(axis, rank)))
  const rest = [...shape]
  return Array.from({ length: rank }, (_, i) => (at.has(i) ? 1 : rest.shift()!))
}

function sliceRows(x: Tensor, starts: Tensor, ends: Tensor, steps: Tensor | undefined): Tensor {
  const [rows, columns] = x.shape as [number, number]
  const kept = sliceIndices(rows, starts.data[0]!, ends.data[0]!, steps?.data[0] ?? 1)
  const values = kept.flatMap((row) => Array.from(x.data.slice(row * columns, (row + 1) * columns), Number))
  return make(x, [kept.length, columns], values)
}

/** Shape of a tensor as a constant, when every dimension is a number. */
export const shapeTensor = (shape: readonly (number | string)[]): Tensor | undefined =>
  shape.every((dim) => typeof dim === 'number') ? int64([shape.length], shape) : undefined
