import { fail, type LupineError } from '../../core/failure'
import type { Network, NetworkNode, Shape, Tensor } from '../../core/graph/network'
import { opRow } from '../../core/graph/ops'
import { shapeContext } from '../../core/graph/shapes'
import { type GraphBuilder, type Ref } from './graph'
import { permute, toGraphOrder, withLeadingOnes } from './layout'
import { widen } from './operations/arrange'
import { reshape } from './operations/shaping'
import type { Pass, Value } from './pass'
import type { Tape } from './tape'
import type { Role, VariableStore } from './variables'
import type { WeightLayout } from './layout'

export type { Value } from './pass'

export interface ScopeOptions {
  readonly network: Network
  readonly variables: VariableStore
  /** Batch statistics in BatchNormalization, and updates of the running ones. */
  readonly training: boolean
}

/** One pass through one network: what a lowering row sees. */
export class Scope implements Pass {
  /** Ops that a training step has to run beside the loss. */
  readonly updates: Ref[] = []
  private readonly values = new Map<string, Ref>()
  /** Per tensor, in ONNX order; grows as nodes are written. */
  private readonly shapes: Map<string, Shape>

  constructor(
    readonly graph: GraphBuilder,
    readonly tape: Tape | undefined,
    readonly options: ScopeOptions,
  ) {
    this.shapes = new Map([...options.network.initializers].map(([name, tensor]) => [name, tensor.shape]))
  }

  get training(): boolean {
    return this.options.training
  }

  /** Where a tensor of the network lies in the graph, and its shape where it is known. */
  bind(tensor: string, ref: Ref, shape?: Shape): void {
    this.values.set(tensor, ref)
    if (shape) this.shapes.set(tensor, shape)
  }

  /** Infers the shapes of a node's outputs from those of its inputs, as far as core knows the op. */
  inferShapes(node: NetworkNode): void {
    const inferred = opRow(node)?.shape(node, shapeContext(this.options.network, this.shapes)) ?? []
    inferred.forEach((shape, i) => {
      if (shape && node.outputs[i]) this.shapes.set(node.outputs[i], shape)
    })
  }

  /** Where a tensor lies; undefined when nothing made it. */
  find(tensor: string): Ref | undefined {
    return this.values.get(tensor)
  }

  /** A tensor's shape in ONNX order. @throws LupineError input 'engine-shape-unknown' */
  shape(tensor: string): Shape {
    const shape = this.shapes.get(tensor)
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

  /** Whether a tensor was computed here, and its shape is known. */
  made(tensor: string): boolean {
    return this.values.has(tensor) && this.shapes.has(tensor)
  }

  /** A node's input, laid out to meet tensors of `rank` dimensions as ONNX broadcasts: an activation or a constant. */
  input(node: NetworkNode, index: number, rank?: number): Value {
    const name = node.inputs[index] ?? ''
    const ref = this.values.get(name)
    if (ref !== undefined) return widen(this, { ref, shape: this.shape(name) }, rank ?? 0)
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

  /**
   * An input that is learned, laid out to meet tensors of `rank` dimensions: a variable where an initializer extends
   * along one axis at most (a bias, a slope per channel), else the constant or the activation that it is.
   */
  parameter(node: NetworkNode, index: number, rank: number, role: Role): Value {
    const tensor = this.constant(node, index)
    const long = tensor?.shape.filter((dim) => dim !== 1).length ?? 2
    if (!tensor || tensor.type !== 'float32' || long > 1) return this.input(node, index, rank)
    const { value } = this.options.variables.get(node.inputs[index], role, 'same')
    const shape = withLeadingOnes(tensor.shape, rank)
    return { ref: reshape(this, value, toGraphOrder(shape)), shape }
  }

  /** Number of dimensions of a node's input. */
  rank(node: NetworkNode, index: number): number {
    return this.shape(node.inputs[index]).length
  }

  /** Shape of a node's output in ONNX order. */
  outputShape(node: NetworkNode): Shape {
    return this.shape(node.outputs[0])
  }

  /** Whether anything, or the caller, reads a tensor. */
  isRead(tensor: string): boolean {
    const { nodes, outputs } = this.options.network
    return outputs.some(({ name }) => name === tensor) || nodes.some(({ inputs }) => inputs.includes(tensor))
  }

  unsupported(node: NetworkNode, why: string): LupineError {
    return fail(
      'input',
      'engine-op-unsupported',
      `The engine cannot run ${node.op} ${node.name}: it ${why}.`,
      'The model can be imported, shown and exported; training and evaluating it needs this op.',
    )
  }

  private constantValue(tensor: Tensor, rank: number): Value {
    const shape = withLeadingOnes(tensor.shape, rank)
    const data = shape.length === 4 ? permute(tensor.data, shape, [0, 2, 3, 1]) : Float32Array.from(tensor.data)
    return { ref: this.graph.constant('float32', toGraphOrder(shape), data), shape }
  }
}
