import type { Network } from '../../core/graph/network'
import { endpoint, inputOf, logitsOf, noClassifier, run, whenDone, type Endpoint, type OpaqueNode } from './endpoints'
import { FLOAT, GraphBuilder, type GraphNode, type Ref } from './graph'
import { mixedPrecision, type Precision } from './mixed-precision'
import { smoothed, weighted } from './operations/loss'
import { momentumUpdates, type MaskSlot, type OptimizerOptions } from './optimizer'
import { prepare } from './prepare'
import { Scope } from './scope'
import { Tape } from './tape'
import { compileTeacher, distilled, type CompiledTeacher } from './teacher'
import { isTrainable, VariableStore, type Slot, type Variable } from './variables'

/** What a training step minimizes, and how. */
export interface TrainingOptions extends OptimizerOptions {
  /** Default float32. */
  readonly precision?: Precision
  /** The network to learn from, frozen. */
  readonly teacher?: Network
  /** Share of the distillation term, 0…1. Needs a teacher. */
  readonly distillation: number
  readonly temperature: number
  /** Share of every label that is spread over all classes alike, 0…1. */
  readonly labelSmoothing?: number
}

export interface CompileOptions {
  readonly training?: TrainingOptions
  /** Tensors to expose beside the network's outputs. */
  readonly outputs?: readonly string[]
  /** The input's shape, batch included, in ONNX order; without it the batch stays open. */
  readonly inputShape?: readonly number[]
  /** Leaves nodes out that the engine cannot run, instead of failing. */
  readonly partial?: boolean
}

/** What to feed and fetch for a training step. */
export interface TrainingEndpoints {
  /** Feed: int32 [N], and a float scalar. */
  readonly labels: Ref
  readonly learningRate: Ref
  /** Fetch: the loss before the step; fetching it takes the step. */
  readonly step: Ref
  /** Fetch: the loss alone. */
  readonly loss: Ref
  /** Fetch: the loss's gradient per initializer, without weight decay, in the graph's layout. */
  readonly gradients: ReadonlyMap<string, Ref>
  /** The optimizer's velocities per initializer. */
  readonly velocities: ReadonlyMap<string, Slot>
  /** What gradients are multiplied by, per initializer that was to be masked. */
  readonly masks: ReadonlyMap<string, MaskSlot>
}

export interface CompiledNetwork {
  /** The network as it was compiled: cleaned, in canonical form. */
  readonly network: Network
  /** The teacher, likewise. */
  readonly teacher: Network | undefined
  readonly nodes: readonly GraphNode[]
  readonly input: Endpoint
  readonly outputs: readonly Endpoint[]
  /** [N, classes]: the first output, before a final Softmax; undefined where it is no such thing. */
  readonly logits: Endpoint | undefined
  /** Nodes of the cleaned network: those in the graph, and with `partial` those left out. */
  readonly nodesRun: number
  readonly opaque: readonly OpaqueNode[]
  readonly variables: readonly Variable[]
  /** Fetch, with every variable's and velocity's `feed` fed: sets them all. */
  readonly initialize: Ref
  readonly training: TrainingEndpoints | undefined
}

/**
 * Compiles a network for evaluation and, with `training`, a training step of it.
 * @throws LupineError input: 'engine-op-unsupported', 'engine-shape-unknown', 'engine-weight-shared',
 *   'engine-inputs' when the network has not exactly one input, 'engine-teacher' when the teacher does not match
 */
export function compile(network: Network, options: CompileOptions = {}): CompiledNetwork {
  const graph = new GraphBuilder()
  const student = prepare(network, options.inputShape)
  const variables = new VariableStore(graph, student, 'network')
  const input = inputOf(graph, student)

  const inference = new Scope(graph, undefined, { network: student, variables, training: false })
  const opaque = run(inference, student, input, options.partial)
  const wanted = new Set([...student.outputs.map((output) => output.name), ...(options.outputs ?? [])])
  // Where the engine stops, what it has so far is exposed instead.
  for (const { node } of opaque)
    for (const name of node.inputs) if (inference.made(name) && name !== input.tensor) wanted.add(name)
  const there = options.partial ? [...wanted].filter((tensor) => inference.find(tensor) !== undefined) : [...wanted]
  const outputs = there.map((tensor) => endpoint(inference, student, tensor))
  const logits = opaque.length ? undefined : logitsOf(inference, student)

  const before = graph.nodes.length
  const training = options.training && compileTraining(graph, student, variables, input, options.training)
  const all = training ? [...variables.all, ...(training.teacher?.variables ?? [])] : variables.all
  const { velocities, masks } = training?.endpoints ?? {}
  const slots: Slot[] = [...all, ...(velocities?.values() ?? []), ...(masks?.values() ?? [])]
  const initialize = whenDone(
    graph,
    slots.map((slot) => slot.assign),
  )
  const nodes = options.training?.precision === 'bfloat16' ? mixedPrecision(graph.nodes, before) : graph.nodes
  return {
    ...{ network: student, teacher: training?.teacher?.network },
    ...{ nodes, input, outputs, logits, opaque, nodesRun: student.nodes.length - opaque.length },
    ...{ variables: all, initialize, training: training?.endpoints },
  }
}

function compileTraining(
  graph: GraphBuilder,
  network: Network,
  variables: VariableStore,
  input: Endpoint,
  options: TrainingOptions,
): { endpoints: TrainingEndpoints; teacher: CompiledTeacher | undefined } {
  const labels = graph.placeholder('labels', 'int32', [-1])
  const learningRate = graph.placeholder('learningRate', 'float32', [])
  const tape = new Tape(graph)
  for (const variable of variables.all) if (isTrainable(variable)) tape.watch(variable.value)
  const scope = new Scope(graph, tape, { network, variables, training: true })
  run(scope, network, input)
  const { teacher, distillation: share, temperature } = options
  const learned = teacher && share > 0 ? compileTeacher(graph, teacher, input) : undefined
  const soft = learned ? distilled(scope, network, learned, temperature) : []
  const hardShare = learned ? 1 - share : 1
  const terms = soft.map(({ output, loss }) => ({ output, loss: weighted(graph, loss, share / soft.length) }))
  if (hardShare > 0) {
    const logits = logitsOf(scope, network)
    if (!logits) throw noClassifier(network)
    const loss = smoothed(graph, logits.ref, labels, options.labelSmoothing ?? 0)
    terms.push({ output: logits.ref, loss: weighted(graph, loss, hardShare) })
  }
  const value = terms.map((term) => term.loss.value).reduce((a, b) => graph.node('AddV2', [a, b], { T: FLOAT }))
  const gradientOf = tape.backward(terms.map(({ output, loss }) => [output, loss.gradient]))
  const gradients = new Map<Variable, Ref>()
  for (const variable of variables.all.filter(isTrainable)) {
    const gradient = gradientOf(variable.value)
    if (gradient) gradients.set(variable, gradient)
  }
  const { velocities, masks, updates } = momentumUpdates(graph, gradients, learningRate, options)
  const control = [...scope.updates, ...updates].map((update) => `^${update}`)
  const endpoints: TrainingEndpoints = {
    labels,
    learningRate,
    step: graph.node('Identity', [value, ...control], { T: FLOAT }, 'step'),
    loss: graph.identity(value, 'loss'),
    gradients: new Map([...gradients].map(([variable, gradient]) => [variable.tensor, gradient])),
    velocities,
    masks,
  }
  return { endpoints, teacher: learned }
}
