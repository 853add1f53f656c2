import { intsAttribute, stringAttribute, type NetworkNode } from '../../../core/graph/network'
import { graphAxis, placeholderShape } from '../layout'
import { mix, select, type Matrix } from '../operations/selection'
import type { Scope, Value } from '../scope'
import { floatAttribute, fromFront, listOf, show, type Lowering } from './row'

/** One axis to be resized. */
interface Stretch {
  readonly axis: number
  readonly size: number
  readonly result: number
  /** As the node gives it; result / size where it gives sizes. */
  readonly scale: number
}

/** Where in the input (in pixels) the centre of output pixel i lies, by ONNX's coordinate_transformation_mode. */
function coordinate(mode: string, i: number, { size, result, scale }: Stretch): number | undefined {
  switch (mode) {
    case 'asymmetric':
      return i / scale
    case 'half_pixel':
      return (i + 0.5) / scale - 0.5
    case 'pytorch_half_pixel':
      return result > 1 ? (i + 0.5) / scale - 0.5 : 0
    case 'align_corners':
      return result > 1 ? (i * (size - 1)) / (result - 1) : 0
    case 'half_pixel_symmetric': {
      const adjustment = result / (size * scale)
      return (size / 2) * (1 - adjustment) + (i + 0.5) / scale - 0.5
    }
    case 'tf_half_pixel_for_nn':
      return (i + 0.5) / scale
    default:
      return undefined
  }
}

/** ONNX's nearest_mode. */
function nearest(mode: string, x: number): number | undefined {
  switch (mode) {
    case 'round_prefer_floor':
      return Math.ceil(x - 0.5)
    case 'round_prefer_ceil':
      return Math.floor(x + 0.5)
    case 'floor':
      return Math.floor(x)
    case 'ceil':
      return Math.ceil(x)
    default:
      return undefined
  }
}

/** Keys' cubic weights of the four pixels around a point `t` past the second (Keys, 1981), a = cubic_coeff_a. */
function cubicWeights(t: number, a: number): number[] {
  const near = (x: number) => (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1
  const far = (x: number) => a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a
  return [far(1 + t), near(t), near(1 - t), far(2 - t)]
}

/** What each input pixel gives to each output pixel. */
function weights(node: NetworkNode, stretch: Stretch, at: readonly number[], cubic: boolean): Matrix {
  const last = stretch.size - 1
  return at.map((x) => {
    const row = new Array<number>(stretch.size).fill(0)
    const low = Math.floor(x)
    const shares = cubic
      ? cubicWeights(x - low, floatAttribute(node, 'cubic_coeff_a', -0.75))
      : [1 - (x - low), x - low]
    shares.forEach((share, k) => {
      const pixel = Math.min(last, Math.max(0, low + k - (cubic ? 1 : 0)))
      row[pixel] += share
    })
    return row
  })
}

function stretched(node: NetworkNode, scope: Scope, x: Value, stretch: Stretch, mode: string, map: string): Value {
  const { axis, result, size } = stretch
  const at = Array.from({ length: result }, (_, i) => coordinate(map, i, stretch))
  const shape = x.shape.with(axis, result)
  const dims = placeholderShape(x.shape)
  const inGraph = graphAxis(axis, x.shape.length)
  const known = at.filter((value) => value !== undefined)
  if (known.length < result) throw scope.unsupported(node, `maps coordinates by ${map}`)
  if (mode === 'nearest') {
    const rounding = stringAttribute(node, 'nearest_mode', isEarly(node) ? 'floor' : 'round_prefer_floor')
    const indices = known.map((value) => nearest(rounding, value)).filter((value) => value !== undefined)
    if (indices.length < result) throw scope.unsupported(node, `rounds by ${rounding}`)
    const inside = indices.map((index) => Math.min(size - 1, Math.max(0, index)))
    return { ref: select(scope, x.ref, dims, inGraph, inside), shape }
  }
  return { ref: mix(scope, x.ref, dims, inGraph, weights(node, stretch, known, mode === 'cubic')), shape }
}

/** Opset 10's Resize takes (X, scales), and knows no coordinate modes: asymmetric, rounded down. */
const isEarly = (node: NetworkNode): boolean => node.inputs.length === 2

/** Scale and size per axis: opset 10 gives scales; later ones scales or sizes, for some axes perhaps. */
function stretches(node: NetworkNode, scope: Scope, x: Value): Stretch[] {
  const axes = intsAttribute(node, 'axes', [...x.shape.keys()]).map((axis) => fromFront(axis, x.shape.length))
  const early = isEarly(node)
  const scales = listOf(node, scope, 'scales', early ? 1 : 2) ?? []
  const sizes = early ? [] : (listOf(node, scope, 'sizes', 3) ?? [])
  if (!scales.length && !sizes.length) throw scope.unsupported(node, 'has neither scales nor sizes')
  if (sizes.length && stringAttribute(node, 'keep_aspect_ratio_policy', 'stretch') !== 'stretch')
    throw scope.unsupported(node, 'keeps the aspect ratio')
  return axes.flatMap((axis, i): Stretch[] => {
    const size = x.shape[axis]
    // The batch stays as it is, whatever size the exporter saw.
    if (typeof size !== 'number') return []
    const result = sizes.length ? sizes[i] : Math.floor(size * scales[i])
    const scale = sizes.length ? result / size : scales[i]
    return scale === 1 && result === size ? [] : [{ axis, size, result, scale }]
  })
}

/** Axis after axis, since all of ONNX's interpolations are separable. */
const resize: Lowering = (node, scope) => {
  const x = scope.input(node, 0)
  const mode = stringAttribute(node, 'mode', 'nearest')
  if (!['nearest', 'linear', 'bilinear', 'cubic'].includes(mode)) throw scope.unsupported(node, `resizes by ${mode}`)
  if (floatAttribute(node, 'exclude_outside', 0) || floatAttribute(node, 'antialias', 0))
    throw scope.unsupported(node, `excludes what is outside, or smooths: ${show(x.shape)}`)
  const early = isEarly(node)
  const map = stringAttribute(node, 'coordinate_transformation_mode', early ? 'asymmetric' : 'half_pixel')
  return stretches(node, scope, x).reduce((value, stretch) => stretched(node, scope, value, stretch, mode, map), x)
}

export const resizeRows: Record<string, Lowering> = { Resize: resize }
