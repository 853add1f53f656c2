import type { Dim, NetworkNode, Shape } from '../network'
import { sameShape, type OpRow, type ShapeContext } from './row'

/** Numpy broadcasting of two shapes; a symbol wins over 1. */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i): Dim => {
    const x = a[i - rank + a.length] ?? 1
    const y = b[i - rank + b.length] ?? 1
    return x === 1 ? y : y === 1 ? x : typeof x === 'number' ? x : y
  })
}

function broadcastAll(node: NetworkNode, context: ShapeContext): (Shape | undefined)[] {
  const shapes = node.inputs.filter(Boolean).map((input) => context.shape(input))
  return [shapes.every((s) => s !== undefined) ? (shapes as Shape[]).reduce(broadcast) : undefined]
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
  'Selu',
  'Softplus',
  'Erf',
  'Gelu',
  'Exp',
  'Log',
  'Sqrt',
  'Abs',
  'Neg',
  'Floor',
  'Ceil',
  'Identity',
  'Dropout',
  'Cast',
] as const
export const binaryOps = ['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Sum', 'Max', 'Min', 'Mean'] as const

export const elementwiseOps: Record<string, OpRow> = {
  ...Object.fromEntries(unaryOps.map((op) => [op, { shape: sameShape }])),
  ...Object.fromEntries(binaryOps.map((op) => [op, { shape: broadcastAll }])),
  BatchNormalization: { shape: sameShape },
  InstanceNormalization: { shape: sameShape },
  GroupNormalization: { shape: sameShape },
  LayerNormalization: { shape: sameShape },
  LRN: { shape: sameShape },
  Where: { shape: broadcastAll },
  Softmax: { shape: sameShape },
  LogSoftmax: { shape: sameShape },
}
