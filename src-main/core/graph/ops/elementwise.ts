import type { Dim, NetworkNode, Shape } from '../network'
import { contradiction, sameShape, shown, type OpRow, type ShapeContext } from './row'

/** Numpy broadcasting of two shapes; a symbol wins over 1, a number over a symbol. */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i): Dim => {
    const x = a[i - rank + a.length] ?? 1
    const y = b[i - rank + b.length] ?? 1
    return x === 1 ? y : y === 1 ? x : typeof x === 'number' ? x : y
  })
}

/** As `broadcast`. @throws LupineError 'onnx-shape' when two numbers differ and neither is 1 */
export function broadcastInputs(node: NetworkNode, a: Shape, b: Shape): Shape {
  const clash = (x: Dim | undefined, y: Dim | undefined): boolean =>
    typeof x === 'number' && typeof y === 'number' && x !== y && x !== 1 && y !== 1
  for (let i = 1; i <= Math.min(a.length, b.length); i++)
    if (clash(a[a.length - i], b[b.length - i]))
      throw contradiction(node, `shapes ${shown(a)} and ${shown(b)} do not go together`)
  return broadcast(a, b)
}

function broadcastAll(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const shapes = node.inputs.filter(Boolean).map((input) => context.shape(input))
  if (shapes.length === 0 || !shapes.every((s) => s !== undefined)) return [undefined]
  return [shapes.reduce((a, b) => broadcastInputs(node, a, b))]
}

/** One value per channel (axis 1) in each constant input, the input's own shape out. */
function perChannel(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const input = context.shape(node.inputs[0])
  const channels = input?.[1]
  for (const name of node.inputs.slice(1)) {
    const shape = context.shape(name)
    if (typeof channels === 'number' && shape && (shape.length !== 1 || shape[0] !== channels))
      throw contradiction(node, `"${name}" has shape ${shown(shape)} for ${channels} channels`)
  }
  if (input && input.length < 2) throw contradiction(node, `its input has shape ${shown(input)}, without channels`)
  return [input]
}

/** The second input has as many dimensions as the first, or broadcasts to it. */
function slopes(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const input = context.shape(node.inputs[0])
  const slope = context.shape(node.inputs[1])
  if (input && slope) broadcastInputs(node, input, slope)
  return [input]
}

/** Ops that treat every element alike: unary ones keep the shape, the others broadcast. */
export const unaryOps = [
  'Relu',
  'LeakyRelu',
  'PRelu',
  'Sigmoid',
  'Tanh',
  'Clip',
  'HardSigmoid',
  'HardSwish',
  'Elu',
  'Celu',
  'Selu',
  'Softplus',
  'Softsign',
  'ThresholdedRelu',
  'Mish',
  'Erf',
  'Gelu',
  'Exp',
  'Log',
  'Sqrt',
  'Reciprocal',
  'Abs',
  'Neg',
  'Sign',
  'Floor',
  'Ceil',
  'Round',
  'Sin',
  'Cos',
  'Not',
  'Identity',
  'Dropout',
  'Cast',
  'CastLike',
] as const
export const binaryOps = [
  ...(['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Mod', 'Sum', 'Max', 'Min', 'Mean'] as const),
  ...(['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'And', 'Or', 'Xor'] as const),
] as const

export const elementwiseOps: Readonly<Record<string, OpRow>> = {
  ...Object.fromEntries(unaryOps.map((op) => [op, { shape: sameShape }])),
  ...Object.fromEntries(binaryOps.map((op) => [op, { shape: broadcastAll }])),
  PRelu: { shape: slopes },
  BatchNormalization: { shape: perChannel },
  InstanceNormalization: { shape: perChannel },
  GroupNormalization: { shape: sameShape },
  LayerNormalization: { shape: sameShape },
  LpNormalization: { shape: sameShape },
  MeanVarianceNormalization: { shape: sameShape },
  LRN: { shape: sameShape },
  Where: { shape: broadcastAll },
  Softmax: { shape: sameShape },
  LogSoftmax: { shape: sameShape },
  Hardmax: { shape: sameShape },
  CumSum: { shape: sameShape },
}
