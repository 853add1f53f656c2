import { intAttribute, stringAttribute, type NetworkNode } from '../../../core/graph/network'
import { broadcast } from '../../../core/graph/ops/elementwise'
import { FLOAT, INT } from '../graph'
import { graphAxis, placeholderShape, toGraphOrder } from '../layout'
import { add, affine, multiply } from '../operations/arithmetic'
import { inGraphOrder, inOnnxOrder, reshapeTo } from '../operations/arrange'
import { compare, toIntegers } from '../operations/elementwise'
import { select, tile } from '../operations/selection'
import { reshape, slice, transpose } from '../operations/shaping'
import type { Scope, Value } from '../scope'
import { fromFront, listOf, numberOf, show, type Lowering } from './row'

/** A Gather whose indices are known. */
function gatherKnown(node: NetworkNode, scope: Scope, x: Value, axis: number): Value {
  const indices = scope.constant(node, 1)!
  const size = x.shape[axis]
  if (typeof size !== 'number') throw scope.unsupported(node, 'picks from the batch')
  const picked = Array.from(indices.data, (index) => fromFront(Number(index), size))
  const ref = select(scope, x.ref, placeholderShape(x.shape), graphAxis(axis, x.shape.length), picked)
  const target = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]
  const value = reshapeTo(scope, { ref, shape: x.shape.with(axis, picked.length) }, target)
  if (!value) throw scope.unsupported(node, `makes ${show(target)} of ${show(x.shape)}`)
  return value
}

/** Indices that are computed: forward only. */
function gatherComputed(node: NetworkNode, scope: Scope, x: Value, axis: number): Value {
  const indices = scope.input(node, 1)
  const attributes = { Tparams: FLOAT, Tindices: INT, Taxis: INT, batch_dims: { int: 0 } }
  const at = [toIntegers(scope, inOnnxOrder(scope, indices)), scope.graph.constant('int32', [], [axis])]
  const ref = scope.graph.node('GatherV2', [inOnnxOrder(scope, x), ...at], attributes)
  return inGraphOrder(scope, ref, [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)])
}

const gather: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const axis = fromFront(intAttribute(node, 'axis', 0), x.shape.length)
  return scope.isConstant(node, 1) ? gatherKnown(node, scope, x, axis) : gatherComputed(node, scope, x, axis)
}

const split: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const rank = x.shape.length
  const axis = fromFront(intAttribute(node, 'axis', 0), rank)
  const size = x.shape[axis]
  if (typeof size !== 'number') throw scope.unsupported(node, 'splits the batch')
  const each = Math.ceil(size / node.outputs.length)
  const sizes = listOf(node, scope, 'split', 1) ?? node.outputs.map((_, i) => Math.min(each, size - i * each))
  let offset = 0
  return sizes.map((part): Value => {
    const begin = x.shape.map((_, i) => (i === axis ? offset : 0))
    const extents = x.shape.map((dim, i) => (i === axis ? part : typeof dim === 'number' ? dim : -1))
    offset += part
    const bounds = { begin: toGraphOrder(begin), size: toGraphOrder(extents), strides: begin.map(() => 1) }
    return { ref: slice(scope, x.ref, placeholderShape(x.shape), bounds), shape: x.shape.with(axis, part) }
  })
}

const tileRow: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const repeats = listOf(node, scope, 'repeats', 1) ?? []
  if (repeats.length !== x.shape.length || x.shape.some((dim, i) => typeof dim !== 'number' && repeats[i] !== 1))
    throw scope.unsupported(node, `repeats ${show(x.shape)} by ${show(repeats)}`)
  const shape = x.shape.map((dim, i) => (typeof dim === 'number' ? dim * repeats[i] : dim))
  return { ref: tile(scope, x.ref, placeholderShape(x.shape), toGraphOrder(repeats)), shape }
}

/** Broadcasts to a known shape: a product with ones. */
const expand: Lowering = (node, scope) => {
  const target = listOf(node, scope, 'shape', 1) ?? []
  const x = scope.input(node, 0, target.length)
  const wanted = [...new Array<number>(Math.max(0, x.shape.length - target.length)).fill(1), ...target]
  const shape = broadcast(x.shape, wanted)
  if (shape.join() === x.shape.join()) return x
  const count = wanted.reduce((a, b) => a * b, 1)
  const ones = scope.graph.constant('float32', toGraphOrder(wanted), new Float32Array(count).fill(1))
  return { ref: multiply(scope, x, { ref: ones, shape: wanted }, shape), shape }
}

/** `depth` values per index, `on` at the index and `off` elsewhere; indices may count from the end. */
const oneHot: Lowering = (node, scope) => {
  const indices = scope.input(node, 0)
  const depth = numberOf(node, scope, 'depth', 1, 0)
  const [off, on] = listOf(node, scope, 'values', 2) ?? [0, 1]
  const rank = indices.shape.length + 1
  const axis = fromFront(intAttribute(node, 'axis', -1), rank)
  const apart = reshapeTo(scope, indices, [...indices.shape.slice(0, axis), 1, ...indices.shape.slice(axis)])
  if (!apart) throw scope.unsupported(node, `spreads ${show(indices.shape)}`)
  const along = apart.shape.map((_, i) => (i === axis ? depth : 1))
  const count = (from: number) =>
    scope.graph.constant(
      'float32',
      toGraphOrder(along),
      Array.from({ length: depth }, (_, i) => i + from),
    )
  const [front, back] = [0, -depth].map((from) => ({
    ref: compare(scope, 'Equal', apart.ref, count(from)),
    shape: apart.shape.with(axis, depth),
  }))
  return { ref: affine(scope, add(scope, front, back, front.shape), on - off, off), shape: front.shape }
}

/** Channels into blocks of pixels: depth-column-row or column-row-depth order. */
const depthToSpace: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const [height, width] = scope.spatial(node.inputs[0])
  const block = intAttribute(node, 'blocksize', 1)
  const channels = Number(x.shape[1]) / block ** 2
  const byDepth = stringAttribute(node, 'mode', 'DCR') === 'DCR'
  const inner = byDepth ? [block, block, channels] : [channels, block, block]
  const apart = reshape(scope, x.ref, [-1, height, width, ...inner])
  const mixed = transpose(scope, apart, byDepth ? [0, 1, 3, 2, 4, 5] : [0, 1, 4, 2, 5, 3])
  const ref = reshape(scope, mixed, [-1, height * block, width * block, channels])
  return { ref, shape: [x.shape[0], channels, height * block, width * block] }
}

const spaceToDepth: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const [height, width] = scope.spatial(node.inputs[0])
  const block = intAttribute(node, 'blocksize', 1)
  const channels = Number(x.shape[1])
  const [rows, columns] = [height / block, width / block]
  const apart = reshape(scope, x.ref, [-1, rows, block, columns, block, channels])
  const ref = reshape(scope, transpose(scope, apart, [0, 1, 3, 2, 4, 5]), [-1, rows, columns, channels * block ** 2])
  return { ref, shape: [x.shape[0], channels * block ** 2, rows, columns] }
}

export const selectionRows: Record<string, Lowering> = {
  Gather: gather,
  Split: split,
  Tile: tileRow,
  Expand: expand,
  OneHot: oneHot,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
}
