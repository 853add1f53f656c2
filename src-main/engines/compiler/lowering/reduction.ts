import { intAttribute, type NetworkNode } from '../../../core/graph/network'
import { multiply, subtract, add } from '../operations/arithmetic'
import { reshapeTo } from '../operations/arrange'
import { absolute, exp, log, sqrt, square } from '../operations/elementwise'
import { argExtreme, extremeOver, meanOver, productOver, sumOver } from '../operations/reduction'
import type { Scope, Value } from '../scope'
import { fromFront, listOf, show, type Lowering } from './row'

type Reduce = (scope: Scope, x: Value, axes: readonly number[]) => Value

/** Without keepdims, the reduced axes go. */
function dropped(node: NetworkNode, scope: Scope, kept: Value, axes: readonly number[]): Value {
  if (intAttribute(node, 'keepdims', 1) === 1) return kept
  const shape = kept.shape.filter((_, axis) => !axes.includes(axis))
  const reduced = reshapeTo(scope, kept, shape)
  if (!reduced) throw scope.unsupported(node, `reduces ${show(kept.shape)} to ${show(shape)}`)
  return reduced
}

const reduction =
  (reduce: Reduce, before: (scope: Scope, x: Value) => Value = (_, x) => x): Lowering =>
  (node, scope) => {
    const given = scope.input(node, 0)
    const x = before(scope, given)
    const rank = x.shape.length
    const list = listOf(node, scope, 'axes', 1)
    if (!list?.length && intAttribute(node, 'noop_with_empty_axes', 0) === 1) return x
    const axes = list?.length ? list.map((axis) => fromFront(axis, rank)) : [...x.shape.keys()]
    return dropped(node, scope, reduce(scope, x, axes), axes)
  }

const squared = (scope: Scope, { ref, shape }: Value): Value => ({ ref: square(scope, ref), shape })

/** log Σ exp(x), from the largest on, so that nothing overflows. */
const logSumExp: Reduce = (scope, x, axes) => {
  const peak = extremeOver(scope, 'Max', x, axes)
  const lowered = exp(scope, subtract(scope, x, peak, x.shape))
  const total = sumOver(scope, { ref: lowered, shape: x.shape }, axes)
  return { ref: add(scope, { ref: log(scope, total.ref), shape: total.shape }, peak, peak.shape), shape: peak.shape }
}

const mean: Reduce = (scope, x, axes) => {
  const counts = axes.map((axis) => x.shape[axis])
  if (counts.every((count) => typeof count === 'number')) return meanOver(scope, x, axes)
  // Over the batch: the count is known only when the graph runs.
  const ones = sumOver(
    scope,
    { ref: scope.graph.node('OnesLike', [x.ref], { T: { type: 'float32' } }), shape: x.shape },
    axes,
  )
  const total = sumOver(scope, x, axes)
  const share = { ref: scope.graph.node('Reciprocal', [ones.ref], { T: { type: 'float32' } }), shape: ones.shape }
  return { ref: multiply(scope, total, share, total.shape), shape: total.shape }
}

const then =
  (reduce: Reduce, after: typeof sqrt): Reduce =>
  (scope, x, axes) => {
    const { ref, shape } = reduce(scope, x, axes)
    return { ref: after(scope, ref), shape }
  }

const argRow =
  (op: 'ArgMax' | 'ArgMin'): Lowering =>
  (node, scope) => {
    const x = scope.input(node, 0)
    if (intAttribute(node, 'select_last_index', 0) === 1) throw scope.unsupported(node, 'takes the last of equals')
    const axis = fromFront(intAttribute(node, 'axis', 0), x.shape.length)
    return dropped(node, scope, argExtreme(scope, op, x, axis), [axis])
  }

export const reductionRows: Record<string, Lowering> = {
  ReduceMean: reduction(mean),
  ReduceSum: reduction(sumOver),
  ReduceMax: reduction((scope, x, axes) => extremeOver(scope, 'Max', x, axes)),
  ReduceMin: reduction((scope, x, axes) => extremeOver(scope, 'Min', x, axes)),
  ReduceProd: reduction(productOver),
  ReduceL1: reduction(sumOver, (scope, { ref, shape }) => ({ ref: absolute(scope, ref), shape })),
  ReduceL2: reduction(then(sumOver, sqrt), squared),
  ReduceSumSquare: reduction(sumOver, squared),
  ReduceLogSum: reduction(then(sumOver, log)),
  ReduceLogSumExp: reduction(logSumExp),
  ArgMax: argRow('ArgMax'),
  ArgMin: argRow('ArgMin'),
}
