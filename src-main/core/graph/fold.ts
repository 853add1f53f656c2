import { elementCount, intAttribute, isTensor, type DataType, type NetworkNode, type Tensor } from './network'
import { sliceRange } from './ops/layout'
import { normalizeAxis } from './ops/row'
import {
  broadcastShape,
  broadcastTo,
  concatenated,
  elementwise,
  lazyTensor,
  newData,
  reshaped,
  sameDims,
  strided,
  stridesOf,
  tensorOf,
  transposed,
} from './tensors'
import { elementTypes } from './types'

/** A constant larger than this is left to whoever runs the network. */
const mostElements = 2 ** 28
/** Arguments such as axes, shapes and starts are short. */
const longestArgument = 4096

type Evaluate = (node: NetworkNode, inputs: readonly (Tensor | undefined)[]) => Tensor | undefined

/**
 * Evaluates a node whose inputs are all constant: the shape arithmetic exporters leave behind, and weights that are
 * transposed, reshaped or cast on the way. Data are computed when they are first read. Returns undefined for what it
 * does not know, or what does not fit: the node then stays.
 */
export function evaluateConstant(node: NetworkNode, inputs: readonly (Tensor | undefined)[]): Tensor | undefined {
  if (node.domain !== '' || node.outputs.length > 1) return undefined
  const evaluate = evaluators[node.op]
  if (!evaluate || inputs.some((input, i) => node.inputs[i] && !input)) return undefined
  const result = evaluate(node, inputs)
  return result && elementCount(result.shape) <= mostElements ? result : undefined
}

const isInteger = (type: DataType): boolean => type.startsWith('int') || type.startsWith('uint')

const arithmetic =
  (apply: (a: number, b: number) => number): Evaluate =>
  (_node, [a, b]) =>
    a && b && a.type === b.type
      ? elementwise(a.type, [a, b], isInteger(a.type) ? (x, y) => Math.trunc(apply(x, y)) : apply)
      : undefined

const comparison =
  (apply: (a: number, b: number) => boolean): Evaluate =>
  (_node, [a, b]) =>
    a && b && elementwise('bool', [a, b], (x, y) => Number(apply(x, y)))

const unary =
  (apply: (x: number) => number): Evaluate =>
  (_node, [x]) =>
    x && elementwise(x.type, [x], apply)

function cast(x: Tensor, type: DataType | undefined): Tensor | undefined {
  if (!type || type === 'string') return undefined
  if (type === x.type) return x
  const apply =
    type === 'bool' ? (v: number) => Number(v !== 0) : isInteger(type) ? Math.trunc : (v: number): number => v
  return elementwise(type, [x], apply)
}

/** Values of a short integer argument. */
export function argument(tensor: Tensor | undefined): number[] | undefined {
  return tensor && elementCount(tensor.shape) <= longestArgument ? Array.from(tensor.data, Number) : undefined
}

const listOf = (node: NetworkNode, name: string): number[] | undefined => {
  const value = node.attributes[name]
  return Array.isArray(value) ? (value as number[]) : undefined
}

/** The axes given as an input or, in older opsets, as an attribute. */
const axesGiven = (node: NetworkNode, input: Tensor | undefined): number[] | undefined =>
  argument(input) ?? listOf(node, 'axes')

const isPermutation = (perm: readonly number[], rank: number): boolean =>
  perm.length === rank && new Set(perm).size === rank && perm.every((axis) => axis >= 0 && axis < rank)

/** The shape with −1 and 0 filled in; undefined where the volume differs. */
export function reshapeTarget(
  shape: readonly number[],
  target: readonly number[],
  zeros: boolean,
): number[] | undefined {
  const dims = target.map((dim, i) => (dim === 0 && !zeros ? (shape[i] ?? NaN) : dim))
  const hole = dims.indexOf(-1)
  const volume = elementCount(shape)
  if (hole >= 0) dims[hole] = volume / elementCount(dims.filter((_, i) => i !== hole))
  return elementCount(dims) === volume && dims.every((dim) => Number.isInteger(dim) && dim >= 0) ? dims : undefined
}

function slice(x: Tensor, starts: number[], ends: number[], axes: number[], steps: number[]): Tensor | undefined {
  const shape = [...x.shape]
  const strides = stridesOf(x.shape)
  let offset = 0
  for (const [i, given] of axes.entries()) {
    const axis = normalizeAxis(given, shape.length)
    if (!(axis < shape.length) || axis < 0 || !steps[i]) return undefined
    const kept = sliceRange(x.shape[axis]!, starts[i]!, ends[i]!, steps[i])
    shape[axis] = kept.count
    offset += kept.first * strides[axis]!
    strides[axis]! *= steps[i]
  }
  return strided(x, shape, strides, offset)
}

function gather(x: Tensor, index: Tensor, axis: number): Tensor | undefined {
  if (axis < 0 || axis >= x.shape.length || elementCount(index.shape) > longestArgument) return undefined
  const size = x.shape[axis]!
  const picked = Array.from(index.data, (i) => normalizeAxis(Number(i), size))
  if (picked.some((i) => !(i >= 0 && i < size))) return undefined
  const [outer, inner] = [elementCount(x.shape.slice(0, axis)), elementCount(x.shape.slice(axis + 1))]
  const shape = [...x.shape.slice(0, axis), ...index.shape, ...x.shape.slice(axis + 1)]
  return lazyTensor(x.type, shape, () => {
    const to = newData(x.type, elementCount(shape))
    let at = 0
    for (let o = 0; o < outer; o++)
      for (const i of picked) {
        const from = (o * size + i) * inner
        to.set(x.data.subarray(from, from + inner) as Float32Array, at)
        at += inner
      }
    return to
  })
}

/** A constant all of whose elements are alike: the weight of a weightless model, say. */
export function filled(type: DataType, shape: readonly number[], value: number): Tensor {
  return lazyTensor(type, shape, () => newData(type, elementCount(shape)).fill(value))
}

const product = (node: NetworkNode, [x]: readonly (Tensor | undefined)[]): Tensor | undefined => {
  const values = argument(x)
  return x && values && x.shape.length === 1
    ? tensorOf(x.type, intAttribute(node, 'keepdims', 1) ? [1] : [], [elementCount(values)])
    : undefined
}

const evaluators: Readonly<Record<string, Evaluate>> = {
  Add: arithmetic((a, b) => a + b),
  Sub: arithmetic((a, b) => a - b),
  Mul: arithmetic((a, b) => a * b),
  Div: arithmetic((a, b) => a / b),
  Pow: arithmetic((a, b) => a ** b),
  // The sign of Mod follows the divisor unless fmod is set; shapes are never negative.
  Mod: arithmetic((a, b) => a % b),
  Max: arithmetic(Math.max),
  Min: arithmetic(Math.min),
  Equal: comparison((a, b) => a === b),
  Greater: comparison((a, b) => a > b),
  Less: comparison((a, b) => a < b),
  GreaterOrEqual: comparison((a, b) => a >= b),
  LessOrEqual: comparison((a, b) => a <= b),
  And: comparison((a, b) => a !== 0 && b !== 0),
  Or: comparison((a, b) => a !== 0 || b !== 0),
  Not: (_node, [x]) => x && elementwise('bool', [x], (v) => Number(v === 0)),
  Where: (_node, [test, a, b]) =>
    test && a && b ? elementwise(a.type, [test, a, b], (on, x, y) => (on ? x! : y!)) : undefined,
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Neg: unary((v) => -v),
  Abs: unary(Math.abs),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Reciprocal: unary((v) => 1 / v),
  Identity: (_node, [x]) => x,
  Cast: (node, [x]) => x && cast(x, elementTypes[intAttribute(node, 'to', 0)]),
  CastLike: (_node, [x, like]) => x && cast(x, like?.type),
  ReduceProd: product,
  Concat(node, inputs) {
    const parts = inputs.filter((x) => x !== undefined)
    const rank = parts[0]?.shape.length ?? 0
    const axis = normalizeAxis(intAttribute(node, 'axis', 0), rank)
    const fits = (x: Tensor) =>
      x.type === parts[0]!.type &&
      x.shape.length === rank &&
      x.shape.every((d, i) => i === axis || d === parts[0]!.shape[i])
    return axis >= 0 && axis < rank && parts.every(fits) ? concatenated(parts, axis) : undefined
  },
  Gather: (node, [x, index]) =>
    x && index && gather(x, index, normalizeAxis(intAttribute(node, 'axis', 0), x.shape.length)),
  Unsqueeze(node, [x, input]) {
    const axes = axesGiven(node, input)
    const shape = x && axes && unsqueezed(x.shape, axes)
    return x && shape && elementCount(shape) === elementCount(x.shape) ? reshaped(x, shape) : undefined
  },
  Squeeze(node, [x, input]) {
    if (!x) return undefined
    const axes = axesGiven(node, input)?.map((axis) => normalizeAxis(axis, x.shape.length))
    const shape = x.shape.filter((dim, i) => (axes ? !axes.includes(i) : dim !== 1))
    return elementCount(shape) === elementCount(x.shape) ? reshaped(x, shape) : undefined
  },
  Reshape(node, [x, target]) {
    const given = argument(target) ?? listOf(node, 'shape')
    const shape = x && given && reshapeTarget(x.shape, given, intAttribute(node, 'allowzero', 0) === 1)
    return x && shape && reshaped(x, shape)
  },
  Flatten(node, [x]) {
    if (!x) return undefined
    const axis = normalizeAxis(intAttribute(node, 'axis', 1), x.shape.length)
    return reshaped(x, [elementCount(x.shape.slice(0, axis)), elementCount(x.shape.slice(axis))])
  },
  Slice(node, [x, first, last, at, by]) {
    const starts = argument(first) ?? listOf(node, 'starts')
    const ends = argument(last) ?? listOf(node, 'ends')
    if (!x || !starts || !ends) return undefined
    const axes = axesGiven(node, at) ?? starts.map((_, i) => i)
    return slice(x, starts, ends, axes, argument(by) ?? starts.map(() => 1))
  },
  Transpose(node, [x]) {
    const perm = listOf(node, 'perm') ?? x?.shape.map((_, i) => x.shape.length - 1 - i)
    return x && perm && isPermutation(perm, x.shape.length) ? transposed(x, perm) : undefined
  },
  ConstantOfShape(node, [target]) {
    const dims = argument(target)
    if (!dims?.every((dim) => Number.isInteger(dim) && dim >= 0)) return undefined
    const value = node.attributes['value']
    return isTensor(value) ? filled(value.type, dims, Number(value.data[0] ?? 0)) : filled('float32', dims, 0)
  },
  Expand(_node, [x, target]) {
    const dims = argument(target)
    const shape = x && dims && broadcastShape([x.shape, dims])
    return x && shape && (sameDims(shape, x.shape) ? x : broadcastTo(x, shape))
  },
  Range(_node, [from, to, by]) {
    if (!from || !to || !by) return undefined
    const [start, limit, delta] = [from, to, by].map((x) => Number(x.data[0])) as [number, number, number]
    const count = Math.max(0, Math.ceil((limit - start) / delta))
    return count <= longestArgument
      ? tensorOf(
          from.type,
          [count],
          Array.from({ length: count }, (_, i) => start + i * delta),
        )
      : undefined
  },
}

function unsqueezed(shape: readonly number[], axes: readonly number[]): number[] {
  const rank = shape.length + axes.length
  const at = new Set(axes.map((axis) => normalizeAxis(axis, rank)))
  const rest = [...shape]
  return Array.from({ length: rank }, (_, i) => (at.has(i) ? 1 : (rest.shift() ?? NaN)))
}
