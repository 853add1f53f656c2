import { BOOL, FLOAT, INT, type GraphBuilder, type Ref } from '../graph'
import { record, type Pass } from '../pass'

const times = (graph: GraphBuilder, a: Ref, b: Ref): Ref => graph.node('Mul', [a, b], { T: FLOAT })
const apply = (graph: GraphBuilder, op: string, x: Ref): Ref => graph.node(op, [x], { T: FLOAT })

/** An element-wise op, with its derivative from input and output. */
const smooth =
  (op: string, derivative: (graph: GraphBuilder, x: Ref, y: Ref) => Ref) =>
  (pass: Pass, x: Ref): Ref => {
    const { graph } = pass
    const y = apply(graph, op, x)
    return record(pass, y, [x], (dy, accumulate) => accumulate(x, () => times(graph, dy, derivative(graph, x, y))))
  }

/** An element-wise op that is constant almost everywhere: no gradient passes. */
const stepwise =
  (op: string) =>
  ({ graph }: Pass, x: Ref): Ref =>
    apply(graph, op, x)

export const exp = smooth('Exp', (_graph, _x, y) => y)
export const log = smooth('Log', (graph, x) => apply(graph, 'Reciprocal', x))
export const sqrt = smooth('Sqrt', (graph, _x, y) => times(graph, apply(graph, 'Reciprocal', y), graph.scalar(0.5)))
export const rsqrt = smooth('Rsqrt', (graph, x, y) =>
  times(graph, times(graph, y, apply(graph, 'Reciprocal', x)), graph.scalar(-0.5)),
)
export const square = smooth('Square', (graph, x) => times(graph, x, graph.scalar(2)))
export const reciprocal = smooth('Reciprocal', (graph, _x, y) =>
  times(graph, apply(graph, 'Square', y), graph.scalar(-1)),
)
export const absolute = smooth('Abs', (graph, x) => apply(graph, 'Sign', x))
export const sine = smooth('Sin', (graph, x) => apply(graph, 'Cos', x))
export const cosine = smooth('Cos', (graph, x) => times(graph, apply(graph, 'Sin', x), graph.scalar(-1)))
export const softplus = smooth('Softplus', (graph, x) => apply(graph, 'Sigmoid', x))
export const erf = smooth('Erf', (graph, x) => {
  const bell = apply(graph, 'Exp', times(graph, apply(graph, 'Square', x), graph.scalar(-1)))
  return times(graph, bell, graph.scalar(2 / Math.sqrt(Math.PI)))
})
export const floor = stepwise('Floor')
export const ceil = stepwise('Ceil')
/** Halves to the even number, as in ONNX. */
export const round = stepwise('Rint')
export const sign = stepwise('Sign')

/** The integer part. */
export const truncate = (pass: Pass, x: Ref): Ref => {
  const { graph } = pass
  return times(graph, apply(graph, 'Sign', x), apply(graph, 'Floor', apply(graph, 'Abs', x)))
}

/** 1 where the comparison (Equal, Less, GreaterEqual, …) holds, 0 elsewhere; operands broadcast. */
export function compare({ graph }: Pass, op: string, a: Ref, b: Ref): Ref {
  return graph.node('Cast', [graph.node(op, [a, b], { T: FLOAT })], { SrcT: BOOL, DstT: FLOAT })
}

/** Integers held as floats, as TensorFlow's integers: indices. */
export const toIntegers = ({ graph }: Pass, x: Ref): Ref => graph.node('Cast', [x], { SrcT: FLOAT, DstT: INT })
