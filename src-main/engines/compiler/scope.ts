import { fail, type LupineError } from '../../core/failure'
import { type Network, type NetworkNode, type Shape, type Tensor } from '../../core/graph/network'
import type { Shapes } from '../../core/graph/shapes'
import { type GraphBuilder, type Ref } from './graph'
import { permute, toGraphOrder } from './layout'
import type { Backward, Tape } from './tape'
import type { Role, VariableStore } from './variables'
import type { WeightLayout } from './layout'

/** What an operation writes into. */
export interface Pass {
  readonly graph: GraphBuilder
  /** Undefined where no gradient is wanted. */
  readonly tape: Tape | undefined
}

export const record = (pass: Pass, output: Ref, inputs: readonly Ref[], backward: Backward): Ref => {
  pass.tape?.record(output, inputs, backward)
  return output
}

/** An activation or a constant: its place in the graph (4-D: NHWC) and its shape in ONNX order. */
export interface Value {
  readonly ref: Ref
  readonly shape: Shape
}

export interface ScopeOptions {
  readonly network: Network
  readonly shapes: Shapes
  readonly variables: VariableStore
  /** Batch statistics in BatchNormalization, and updates of the running ones. */
  readonly training: boolean
}

/** One pass through one network: what a lowering row sees. */
export class Scope implements Pass {
  /** Ops that a training step has to run beside the loss. */
  readonly updates: Ref[] = []
  private readonly values = new Map<string, Ref>()

  constructor(
    readonly graph: GraphBuilder,
    readonly tape: Tape | undefined,
    readonly options: ScopeOptions,
  ) {}

  get training(): boolean {
    return this.options.training
  }

  /** Where a tensor of the network lies in the graph. */
  bind(tensor: string, ref: Ref): void {
    this.values.set(tensor, ref)
  }

  /** Where a tensor lies; undefined when nothing made it. */
  find(tensor: string): Ref | undefined {
    return this.values.get(tensor)
  }

  /** A tensor's shape in ONNX order. @throws LupineError input 'engine-shape-unknown' */
  shape(tensor: string): Shape {
    const shape = this.options.shapes.get(tensor)
    if (shape) return shape
    throw fail(
      'input',
      'engine-shape-unknown',
      `The shape of ${tensor} cannot be told from the model, and the engine needs it.`,
      'Export the model with a fixed image size.',
    )
  }

  /** Height and width of a 4-D tensor. @throws LupineError input 'engine-shape-unknown' */
  spatial(tensor: string): [number, number] {
    const [, , height, width] = this.shape(tensor)
    if (typeof height === 'number' && typeof width === 'number') return [height, width]
    throw fail(
      'input',
      'engine-shape-unknown',
      `${tensor} has no fixed height and width, and the engine needs them.`,
      'Export the model with a fixed image size.',
    )
  }

  /** A node's input: an activation, or a constant laid out to meet activations of `rank` dimensions. */
  input(node: NetworkNode, index: number, rank?: number): Value {
    const name = node.inputs[index] ?? ''
    const ref = this.values.get(name)
    if (ref !== undefined) return { ref, shape: this.shape(name) }
    const tensor = this.constant(node, index)
    if (!tensor) throw this.unsupported(node, `reads ${name || `input ${index}`}, which nothing makes`)
    return this.constantValue(tensor, rank ?? tensor.shape.length)
  }

  /** An input's initializer; undefined where it is an activation or absent. */
  constant(node: NetworkNode, index: number): Tensor | undefined {
    return this.options.network.initializers.get(node.inputs[index] ?? '')
  }

  isConstant(node: NetworkNode, index: number): boolean {
    return this.constant(node, index) !== undefined
  }

  /** The variable behind an initializer, read. @throws LupineError input 'engine-op-unsupported' */
  variable(node: NetworkNode, index: number, role: Role, layout: WeightLayout = 'same', groups = 1) {
    if (!this.isConstant(node, index)) throw this.unsupported(node, `computes its ${role} instead of storing it`)
    return this.options.variables.get(node.inputs[index], role, layout, groups)
  }

  /** Shape of a node's output in ONNX order. */
  outputShape(node: NetworkNode): Shape {
    return this.shape(node.outputs[0])
  }

  unsupported(node: NetworkNode, why: string): LupineError {
    return fail(
      'input',
      'engine-op-unsupported',
      `The engine cannot run ${node.op} ${node.name}: it ${why}.`,
      'The model can be imported, pruned and measured; training and evaluating it needs this op.',
    )
  }

  private constantValue(tensor: Tensor, rank: number): Value {
    const shape = [...new Array<number>(Math.max(0, rank - tensor.shape.length)).fill(1), ...tensor.shape]
    const data = shape.length === 4 ? permute(tensor.data, shape, [0, 2, 3, 1]) : Float32Array.from(tensor.data)
    return { ref: this.graph.constant('float32', toGraphOrder(shape), data), shape }
  }
}
