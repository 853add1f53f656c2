import type { Shape } from '../../core/graph/network'
import type { GraphBuilder, Ref } from './graph'
import type { Backward, Tape } from './tape'

/** What an operation writes into. */
export interface Pass {
  readonly graph: GraphBuilder
  /** Undefined where no gradient is wanted. */
  readonly tape: Tape | undefined
}

/** Notes how gradients pass back through a node, and hands on its output. */
export const record = (pass: Pass, output: Ref, inputs: readonly Ref[], backward: Backward): Ref => {
  pass.tape?.record(output, inputs, backward)
  return output
}

/** An activation or a constant: its place in the graph (4-D: NHWC) and its shape in ONNX order. */
export interface Value {
  readonly ref: Ref
  readonly shape: Shape
}
