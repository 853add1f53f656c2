import { fail, LupineError } from '../../core/failure'
import { foldNorms } from '../../core/graph/bn-folding'
import { beforeFinalActivation } from '../../core/graph/outputs'
import { producers, type Network, type NetworkNode, type Shape } from '../../core/graph/network'
import { FLOAT, GraphBuilder, type GraphNode, type Ref } from './graph'
import { placeholderShape } from './layout'
import { lower } from './lowering'
import { distillation, smoothed, squaredError, weighted, type Loss } from './operations/loss'
import { reshape } from './operations/shaping'
import { BATCH, prepare } from './prepare'
import { momentumUpdates, type OptimizerOptions } from './optimizer'
import { Scope } from './scope'
import { Tape } from './tape'
import { isTrainable, VariableStore, type Slot, type Variable } from './variables'

export interface TrainingOptions extends OptimizerOptions {
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

/** A node that the engine did not take, and why. */
export interface OpaqueNode {
  readonly node: NetworkNode
  readonly why: string
}

/** A tensor of the network in the graph: its shape in ONNX order, its values NHWC when it is 4-D. */
export interface Endpoint {
  readonly tensor: string
  readonly ref: Ref
  readonly shape: Shape
}

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

  const training = options.training && compileTraining(graph, student, variables, input, options.training)
  const all = training ? [...variables.all, ...(training.teacher?.variables ?? [])] : variables.all
  const slots: Slot[] = [...all, ...(training?.endpoints.velocities.values() ?? [])]
  const initialize = whenDone(
    graph,
    slots.map((slot) => slot.assign),
  )
  return {
    ...{ network: student, teacher: training?.teacher?.network },
    ...{ nodes: graph.nodes, input, outputs, logits, opaque, nodesRun: student.nodes.length - opaque.length },
    ...{ variables: all, initialize, training: training?.endpoints },
  }
}

/** Something to fetch that makes the given ops run: they have no output of their own. */
export function whenDone(graph: GraphBuilder, ops: readonly Ref[]): Ref {
  const control = ops.map((op) => `^${op}`)
  const value = { type: 'float32', shape: [], data: Float32Array.of(1) } as const
  return graph.node('Const', control, { dtype: FLOAT, value: { tensor: value } }, 'initialize')
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
  const { velocities, updates } = momentumUpdates(graph, gradients, learningRate, options)
  const control = [...scope.updates, ...updates].map((update) => `^${update}`)
  const endpoints: TrainingEndpoints = {
    labels,
    learningRate,
    step: graph.node('Identity', [value, ...control], { T: FLOAT }, 'step'),
    loss: graph.identity(value, 'loss'),
    gradients: new Map([...gradients].map(([variable, gradient]) => [variable.tensor, gradient])),
    velocities,
  }
  return { endpoints, teacher: learned }
}

interface CompiledTeacher {
  readonly network: Network
  readonly scope: Scope
  readonly variables: readonly Variable[]
}

function compileTeacher(graph: GraphBuilder, network: Network, input: Endpoint): CompiledTeacher {
  // It never learns: its norms become part of its convolutions, which saves a pass over every activation.
  const teacher = foldNorms(prepare(network), () => true)
  const variables = new VariableStore(graph, teacher, 'teacher')
  const scope = new Scope(graph, undefined, { network: teacher, variables, training: false })
  const own = teacher.inputs[0].shape ?? []
  if (own.slice(1).join() !== input.shape.slice(1).join())
    throw mismatch(`takes [${own.slice(1).join(', ')}] and the network [${input.shape.slice(1).join(', ')}]`)
  run(scope, teacher, { ...input, tensor: teacher.inputs[0].name })
  return { network: teacher, scope, variables: variables.all }
}

/**
 * What each output has to learn from the teacher's, in order, all before a final Softmax or Sigmoid: logits [N, K] by
 * their distribution at the temperature, anything else by its squared error.
 */
function distilled(scope: Scope, network: Network, teacher: CompiledTeacher, temperature: number) {
  const { graph } = scope
  const [own, others] = [network, teacher.network].map(beforeFinalActivation)
  if (own.outputs.length !== others.outputs.length)
    throw mismatch(`has ${others.outputs.length} outputs and the network ${own.outputs.length}`)
  return own.outputs.map(({ name }, i): { output: Ref; loss: Loss } => {
    const x = endpoint(scope, network, name)
    const y = endpoint(teacher.scope, teacher.network, others.outputs[i].name)
    const [classes, taughtClasses] = [classesOf(x.shape), classesOf(y.shape)]
    if (x.shape.slice(1).join() !== y.shape.slice(1).join() && (classes === undefined || classes !== taughtClasses))
      throw mismatch(`makes [${y.shape.slice(1).join(', ')}] where the network makes [${x.shape.slice(1).join(', ')}]`)
    if (classes === undefined) return { output: x.ref, loss: squaredError(graph, x.ref, y.ref, x.shape.length) }
    const flat = (pass: Scope, { ref, shape }: Endpoint) =>
      shape.length === 2 ? ref : reshape(pass, ref, [-1, classes])
    const [rows, taught] = [flat(scope, x), flat(teacher.scope, y)]
    return { output: rows, loss: distillation(graph, rows, taught, temperature) }
  })
}

/** Length of a row of logits: [N, K], or [N, K, 1, 1]; undefined for anything else. */
function classesOf(shape: Shape): number | undefined {
  const [, classes, ...pixels] = shape
  return typeof classes === 'number' && classes > 1 && pixels.every((dim) => dim === 1) ? classes : undefined
}

const mismatch = (why: string) =>
  fail('input', 'engine-teacher', `The teacher ${why}.`, 'Use the unpruned network that this one was made from.')

export const noClassifier = (network: Network) =>
  fail(
    'input',
    'engine-no-classifier',
    `The first output of ${network.name || 'the network'} is no row of logits per image.`,
    'Train classifiers, or distil from the unpruned network.',
  )

export function inputOf(graph: GraphBuilder, network: Network): Endpoint {
  const [{ name, shape = [] }] = network.inputs
  return { tensor: name, ref: graph.placeholder('input', 'float32', placeholderShape(shape)), shape }
}

/** @returns the nodes left out, none unless `partial` */
export function run(scope: Scope, network: Network, input: Endpoint, partial = false): OpaqueNode[] {
  scope.bind(input.tensor, input.ref, input.shape)
  const opaque: OpaqueNode[] = []
  for (const node of network.nodes) {
    try {
      lower(node, scope)
    } catch (error) {
      if (!partial || !(error instanceof LupineError)) throw error
      opaque.push({ node, why: error.failure.message })
    }
  }
  return opaque
}

function endpoint(scope: Scope, network: Network, tensor: string): Endpoint {
  const ref = scope.find(tensor)
  if (ref === undefined)
    throw fail(
      'input',
      'engine-output-unknown',
      `${network.name || 'The network'} has no tensor ${tensor}.`,
      'Name an output or an inner tensor of the network.',
    )
  // TensorFlow does not fetch what it was fed.
  return {
    tensor,
    ref: ref === scope.find(network.inputs[0].name) ? scope.graph.identity(ref) : ref,
    shape: scope.shape(tensor),
  }
}

/** The first output as [N, classes], before a final Softmax; undefined where it has no rows of a known length. */
export function logitsOf(scope: Scope, network: Network): Endpoint | undefined {
  const makers = producers(network)
  let tensor = network.outputs[0].name
  let maker = makers.get(tensor)
  while (maker && (maker.op === 'Softmax' || maker.op === 'Identity')) {
    tensor = maker.inputs[0]
    maker = makers.get(tensor)
  }
  const { ref, shape } = endpoint(scope, network, tensor)
  if (shape.length === 2) return { tensor, ref, shape }
  if (shape.length === 0 || shape.slice(1).some((dim) => typeof dim !== 'number')) return undefined
  const classes = shape.slice(1).reduce<number>((product, dim) => product * Number(dim), 1)
  return { tensor, ref: reshape(scope, ref, [-1, classes]), shape: [BATCH, classes] }
}
