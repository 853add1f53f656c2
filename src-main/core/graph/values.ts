import { evaluateConstant } from './fold'
import {
  elementCount,
  intAttribute,
  type DataType,
  type Dim,
  type NetworkNode,
  type Shape,
  type Tensor,
} from './network'
import { broadcastShape, broadcastTo, newData, tensorOf } from './tensors'
import { elementTypes } from './types'

/** An element of a shape being computed: a number, a symbol such as 'batch', or unknown. */
export type Item = Dim | undefined

/**
 * A small tensor of which some elements are known before anything runs: what Shape and the arithmetic behind it make.
 * Symbols are sizes, so at least 1 and equal wherever they have the same name.
 */
export interface PartialValue {
  readonly type: DataType
  readonly shape: readonly number[]
  readonly items: readonly Item[]
}

/** Shapes are short; anything longer is data. */
const longest = 256

export function partialValue(tensor: Tensor): PartialValue | undefined {
  if (elementCount(tensor.shape) > longest) return undefined
  return { type: tensor.type, shape: tensor.shape, items: Array.from(tensor.data, Number) }
}

/** The value as a constant, once every element is a number. */
export const knownTensor = ({ type, shape, items }: PartialValue): Tensor | undefined =>
  items.every((item) => typeof item === 'number') ? tensorOf(type, shape, items) : undefined

/** What Shape gives: dimensions from `start` to `end`. */
export function shapeValue(node: NetworkNode, shape: Shape): PartialValue {
  const items = shape.slice(intAttribute(node, 'start', 0), intAttribute(node, 'end', shape.length))
  return { type: 'int64', shape: [items.length], items }
}

/** Evaluates a node on partly known values; undefined where nothing can be told. */
export function evaluatePartial(
  node: NetworkNode,
  inputs: readonly (PartialValue | undefined)[],
): PartialValue | undefined {
  if (node.domain !== '' || node.outputs.length > 1) return undefined
  if (node.op === 'Where') return choose(inputs)
  const apply = itemOps[node.op]
  if (apply) return itemwise(node, inputs, apply)
  return movers.has(node.op) ? move(node, inputs) : undefined
}

type ItemOp = (a: Item, b: Item) => Item

const numeric =
  (apply: (a: number, b: number) => number, special: ItemOp = () => undefined): ItemOp =>
  (a, b) =>
    typeof a === 'number' && typeof b === 'number' ? apply(a, b) : special(a, b)

/** A size is at least 1: it never equals less, and equals itself. */
const equal: ItemOp = (a, b) => {
  if (typeof a === 'number' && typeof b === 'number') return Number(a === b)
  if (a !== undefined && a === b) return 1
  const [size, other] = typeof a === 'string' ? [a, b] : [b, a]
  return typeof size === 'string' && typeof other === 'number' && other < 1 ? 0 : undefined
}

const itemOps: Readonly<Record<string, ItemOp>> = {
  Add: numeric(
    (a, b) => a + b,
    (a, b) => (a === 0 ? b : b === 0 ? a : undefined),
  ),
  Sub: numeric(
    (a, b) => a - b,
    (a, b) => (b === 0 ? a : a !== undefined && a === b ? 0 : undefined),
  ),
  Mul: numeric(
    (a, b) => a * b,
    (a, b) => (a === 1 ? b : b === 1 ? a : undefined),
  ),
  Div: numeric(
    (a, b) => a / b,
    (a, b) => (b === 1 ? a : a !== undefined && a === b ? 1 : undefined),
  ),
  Max: numeric(Math.max),
  Min: numeric(Math.min),
  Equal: equal,
}

function itemwise(node: NetworkNode, inputs: readonly (PartialValue | undefined)[], apply: ItemOp) {
  const [a, b] = inputs
  if (!a || !b || inputs.length !== 2) return undefined
  const shape = broadcastShape([a.shape, b.shape])
  if (!shape || elementCount(shape) > longest) return undefined
  const [left, right] = [spread(a, shape), spread(b, shape)]
  const type = node.op === 'Equal' ? 'bool' : a.type
  const whole = a.type.startsWith('int')
  const items = left.map((item, i) => {
    const result = apply(item, right[i])
    return typeof result === 'number' && whole ? Math.trunc(result) : result
  })
  return { type, shape, items } satisfies PartialValue
}

function choose([test, a, b]: readonly (PartialValue | undefined)[]): PartialValue | undefined {
  const shape = test && a && b && broadcastShape([test.shape, a.shape, b.shape])
  if (!shape || elementCount(shape) > longest) return undefined
  const [on, yes, no] = [spread(test, shape), spread(a, shape), spread(b, shape)]
  const items = on.map((flag, i) =>
    flag === undefined ? (yes[i] === no[i] ? yes[i] : undefined) : flag ? yes[i] : no[i],
  )
  return { type: a.type, shape, items }
}

/** A tensor whose elements say which item they stand for. */
const positions = (value: PartialValue, first: number): Tensor => {
  const data = newData('int64', value.items.length)
  for (let i = 0; i < data.length; i++) data[i] = first + i
  return { type: 'int64', shape: value.shape, data }
}

const spread = (value: PartialValue, shape: readonly number[]): Item[] =>
  Array.from(broadcastTo(positions(value, 0), shape)!.data, (at) => value.items[at])

/** Ops that only move elements: how is found out by moving their positions. */
const movers = new Set([
  'Concat',
  'Gather',
  'Unsqueeze',
  'Squeeze',
  'Reshape',
  'Slice',
  'Transpose',
  'Expand',
  'Identity',
])
for (const op of ['Cast', 'Flatten']) movers.add(op)

function move(node: NetworkNode, inputs: readonly (PartialValue | undefined)[]): PartialValue | undefined {
  const moved = node.op === 'Concat' ? inputs : inputs.slice(0, 1)
  if (!moved.every((input) => input !== undefined)) return undefined
  const items = moved.flatMap((input) => input.items)
  let first = 0
  const tensors = inputs.map((input, i) => {
    if (i >= moved.length) return input && knownTensor(input)
    first += input!.items.length
    return positions(input!, first - input!.items.length)
  })
  // Cast to an integer cuts fractions off; a size has none.
  const target = node.op === 'Cast' ? elementTypes[intAttribute(node, 'to', 0)] : moved[0]!.type
  const result = evaluateConstant(node.op === 'Cast' ? { ...node, op: 'Identity' } : node, tensors)
  if (!result || !target || elementCount(result.shape) > longest) return undefined
  const whole = target.startsWith('int')
  const pick = (at: number): Item => {
    const item = items[at]
    return typeof item === 'number' && whole ? Math.trunc(item) : item
  }
  return { type: target, shape: result.shape, items: Array.from(result.data, pick) }
}
