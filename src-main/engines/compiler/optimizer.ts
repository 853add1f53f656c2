import { FLOAT, type GraphBuilder, type Ref } from './graph'
import { graphShape } from './layout'
import { createSlot, type Slot, type Variable } from './variables'

export interface OptimizerOptions {
  readonly momentum: number
  readonly nesterov: boolean
  /** L2 on weights; not on biases, BN scale and shift. */
  readonly weightDecay: number
  /** Initializers whose gradients are multiplied by a mask along one axis: where it is 0, what is 0 stays so. */
  readonly masked?: ReadonlyMap<string, number>
  /** BN scales that are driven to zero. */
  readonly sparsity?: Sparsity
}

/** A penalty on BN scales γ. */
export interface Sparsity {
  /**
   * `subgradient`: strength · sign(γ) joins the gradient (Liu et al., ICCV 2017). `proximal`: after a plain gradient step
   * γ ← sign(γ)·max(|γ| − learning rate · strength, 0) (Ye et al., ICLR 2018), which gives exact zeros.
   */
  readonly step: 'subgradient' | 'proximal'
  /** Per initializer. */
  readonly strengths: Readonly<Record<string, number>>
}

/**
 * Stochastic gradient descent with momentum, PyTorch's form: v ← momentum · v + g; w ← w − lr · v (Nesterov:
 * w ← w − lr · (g + momentum · v)), g including weightDecay · w.
 * @returns the velocities and gradient masks per initializer, and the ops that apply the step
 */
export function momentumUpdates(
  graph: GraphBuilder,
  gradients: ReadonlyMap<Variable, Ref>,
  learningRate: Ref,
  { momentum, nesterov, weightDecay, masked, sparsity }: OptimizerOptions,
): { velocities: Map<string, Slot>; masks: Map<string, MaskSlot>; updates: Ref[] } {
  const velocities = new Map<string, Slot>()
  const masks = new Map<string, MaskSlot>()
  const updates: Ref[] = []
  for (const [variable, computed] of gradients) {
    const axis = masked?.get(variable.tensor)
    const mask = axis === undefined ? undefined : maskOf(graph, variable, axis)
    if (mask) masks.set(variable.tensor, mask)
    const unmasked = mask ? graph.node('Mul', [computed, mask.value], { T: FLOAT }) : computed
    const strength = sparsity?.strengths[variable.tensor] ?? 0
    if (strength > 0 && sparsity!.step === 'proximal') {
      updates.push(proximalStep(graph, variable, unmasked, learningRate, strength))
      continue
    }
    const gradient = strength > 0 ? penalized(graph, variable, unmasked, strength) : unmasked
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
  return { velocities, masks, updates }
}

/** A mask that broadcasts along one axis of a variable. */
export interface MaskSlot extends Slot {
  /** In the graph. */
  readonly shape: readonly number[]
}

function maskOf(graph: GraphBuilder, variable: Variable, axis: number): MaskSlot {
  const { layout, graphShape: whole } = variable
  const ones = variable.shape.map((size, i) => (i === axis ? size : 1))
  // A depthwise weight's filters lie over the graph's last two axes.
  const shape = graphShape(ones, layout, layout === 'depthwise' ? whole[2] : 1)
  return { ...createSlot(graph, `${variable.handle}/mask`, shape), shape }
}

/** The gradient with that of strength · |γ|. */
const penalized = (graph: GraphBuilder, variable: Variable, gradient: Ref, strength: number): Ref => {
  const sign = graph.node('Sign', [variable.value], { T: FLOAT })
  return graph.node('AddV2', [gradient, graph.node('Mul', [sign, graph.scalar(strength)], { T: FLOAT })], { T: FLOAT })
}

function proximalStep(graph: GraphBuilder, variable: Variable, gradient: Ref, learningRate: Ref, strength: number) {
  const sizes = [learningRate, graph.scalar(strength), graph.scalar(0)]
  return graph.node('ResourceApplyProximalGradientDescent', [variable.handle, ...sizes, gradient], {
    T: FLOAT,
    use_locking: { bool: false },
  })
}
