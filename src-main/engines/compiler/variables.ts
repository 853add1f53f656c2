import { fail } from '../../core/failure'
import type { Network, Tensor } from '../../core/graph/network'
import { FLOAT, type GraphBuilder, type Ref } from './graph'
import { fromGraph, graphShape, toGraph, type WeightLayout } from './layout'

/** What a variable is to its node. Weights decay; means and variances follow the batches instead of gradients. */
export type Role = 'weight' | 'bias' | 'scale' | 'shift' | 'mean' | 'variance'

/** A tensor the graph keeps between runs: `feed` and the op `assign` set it, fetching `value` reads it. */
export interface Slot {
  readonly value: Ref
  readonly feed: Ref
  readonly assign: Ref
  readonly handle: Ref
}

export interface Variable extends Slot {
  /** The initializer it holds. */
  readonly tensor: string
  readonly owner: 'network' | 'teacher'
  readonly role: Role
  readonly layout: WeightLayout
  /** The initializer's shape, and its shape in the graph. */
  readonly shape: readonly number[]
  readonly graphShape: readonly number[]
}

/** Whether the optimizer changes it: the network's own, running statistics apart. */
export const isTrainable = (variable: Variable): boolean =>
  variable.owner === 'network' && variable.role !== 'mean' && variable.role !== 'variance'

/** A resource variable with its read and its assignment. */
export function createSlot(graph: GraphBuilder, name: string, shape: readonly number[]): Slot {
  const handle = graph.node('VarHandleOp', [], { dtype: FLOAT, shape: { shape }, shared_name: { string: name } }, name)
  const value = graph.node('ReadVariableOp', [handle], { dtype: FLOAT }, `${name}/value`)
  const feed = graph.placeholder(`${name}/feed`, 'float32', shape)
  // A copy of its own: what is fed may be memory of JavaScript's, which the optimizer would then write into and a
  // thread of TensorFlow's would give back.
  const copy = graph.node('DeepCopy', [feed], { T: FLOAT })
  const assign = graph.node('AssignVariableOp', [handle, copy], { dtype: FLOAT }, `${name}/assign`)
  return { handle, value, feed, assign }
}

/** The variables of one network in the graph, made when a lowering first asks for them. */
export class VariableStore {
  private readonly byTensor = new Map<string, Variable>()

  constructor(
    private readonly graph: GraphBuilder,
    private readonly network: Network,
    private readonly owner: Variable['owner'],
  ) {}

  get all(): Variable[] {
    return [...this.byTensor.values()]
  }

  /**
   * @param groups for layout 'depthwise': number of input channels
   * @throws LupineError input 'engine-weight-shared' when two nodes read the initializer in different layouts
   */
  get(tensor: string, role: Role, layout: WeightLayout, groups = 1): Variable {
    const known = this.byTensor.get(tensor)
    if (known) {
      if (known.layout === layout) return known
      throw fail(
        'input',
        'engine-weight-shared',
        `The weight ${tensor} is read by two nodes of different kinds, which no engine can train.`,
        'Export the model with a weight of its own for each layer.',
      )
    }
    const { shape } = this.network.initializers.get(tensor)!
    const inGraph = graphShape(shape, layout, groups)
    const slot = createSlot(this.graph, `${this.owner}/${this.byTensor.size}`, inGraph)
    const variable: Variable = { ...slot, tensor, owner: this.owner, role, layout, shape, graphShape: inGraph }
    this.byTensor.set(tensor, variable)
    return variable
  }
}

/** A variable's value in the graph's layout, from its network. A copy. */
export const initialValue = (network: Network, variable: Variable): Float32Array =>
  toGraph(network.initializers.get(variable.tensor)!.data, variable.shape, variable.layout)

/**
 * The network with the values that were read from the graph, running statistics included.
 * @param values per initializer, in the graph's layout; initializers without one stay
 */
export function extract(
  network: Network,
  variables: readonly Variable[],
  values: ReadonlyMap<string, Float32Array>,
): Network {
  const initializers = new Map<string, Tensor>(network.initializers)
  for (const { tensor, shape, layout, owner } of variables) {
    const value = values.get(tensor)
    if (owner !== 'network' || !value) continue
    initializers.set(tensor, { type: 'float32', shape, data: fromGraph(value, shape, layout) })
  }
  return { ...network, initializers }
}
