import { FLOAT, type GraphBuilder, type Ref } from './graph'
import { createSlot, type Slot, type Variable } from './variables'

export interface OptimizerOptions {
  readonly momentum: number
  readonly nesterov: boolean
  /** L2 on weights; not on biases, BN scale and shift. */
  readonly weightDecay: number
}

/**
 * Stochastic gradient descent with momentum, PyTorch's form: v ← momentum · v + g; w ← w − lr · v (Nesterov:
 * w ← w − lr · (g + momentum · v)), g including weightDecay · w.
 * @returns the velocities per initializer, and the ops that apply the step
 */
export function momentumUpdates(
  graph: GraphBuilder,
  gradients: ReadonlyMap<Variable, Ref>,
  learningRate: Ref,
  { momentum, nesterov, weightDecay }: OptimizerOptions,
): { velocities: Map<string, Slot>; updates: Ref[] } {
  const velocities = new Map<string, Slot>()
  const updates: Ref[] = []
  for (const [variable, gradient] of gradients) {
    const velocity = createSlot(graph, `${variable.handle}/velocity`, variable.graphShape)
    velocities.set(variable.tensor, velocity)
    const decays = weightDecay > 0 && variable.role === 'weight'
    const total = decays
      ? graph.node('AddV2', [gradient, graph.node('Mul', [variable.value, graph.scalar(weightDecay)], { T: FLOAT })], {
          T: FLOAT,
        })
      : gradient
    updates.push(
      graph.node(
        'ResourceApplyMomentum',
        [variable.handle, velocity.handle, learningRate, total, graph.scalar(momentum)],
        { T: FLOAT, use_locking: { bool: false }, use_nesterov: { bool: nesterov } },
      ),
    )
  }
  return { velocities, updates }
}
