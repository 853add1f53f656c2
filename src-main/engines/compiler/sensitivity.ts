import type { Network } from '../../core/graph/network'
import { inputOf, logitsOf, noClassifier, whenDone, type Endpoint } from './endpoints'
import { FLOAT, GraphBuilder, type GraphNode, type Ref } from './graph'
import { DATA_FORMAT } from './layout'
import { lower } from './lowering'
import { crossEntropy } from './operations/loss'
import { prepare } from './prepare'
import { Scope } from './scope'
import { Tape } from './tape'
import { VariableStore, type Variable } from './variables'

export interface CompiledSensitivity {
  /** The network as it was compiled: cleaned, in canonical form. */
  readonly network: Network
  readonly nodes: readonly GraphNode[]
  readonly input: Endpoint
  /** Feed: int32 [N]. */
  readonly labels: Ref
  /** Fetch: mean cross-entropy of the batch, nats. */
  readonly loss: Ref
  /** Fetch per BatchNormalization node: γ·∂L/∂γ + β·∂L/∂β, signed, one value per channel. */
  readonly scores: ReadonlyMap<string, Ref>
  readonly variables: readonly Variable[]
  /** Fetch, with every variable's `feed` fed: sets them all. */
  readonly initialize: Ref
}

/**
 * Compiles how the loss reacts to each channel of each batch normalisation: forward and backward with stored statistics
 * ("eval" mode), nothing is updated. Since BN gives y = γ·x̂ + β, the first-order change γ·∂L/∂γ + β·∂L/∂β of the loss is
 * the sum of ∂L/∂y · y over batch and pixels, so one gradient per BN output is all it takes.
 * @throws LupineError input: as compile()
 */
export function compileSensitivity(given: Network): CompiledSensitivity {
  const graph = new GraphBuilder()
  const network = prepare(given)
  const variables = new VariableStore(graph, network, 'network')
  const input = inputOf(graph, network)
  const labels = graph.placeholder('labels', 'int32', [-1])

  const tape = new Tape(graph)
  const scope = new Scope(graph, tape, { network, variables, training: false })
  scope.bind(input.tensor, input.ref, input.shape)
  const outputs = new Map<string, Ref>()
  for (const node of network.nodes) {
    lower(node, scope)
    if (node.op !== 'BatchNormalization' || node.domain !== '') continue
    const y = scope.find(node.outputs[0])!
    outputs.set(node.name, y)
    tape.watch(y)
  }

  const logits = logitsOf(scope, network)
  if (!logits) throw noClassifier(network)
  const loss = crossEntropy(graph, logits.ref, labels)
  const gradientOf = tape.backward([[logits.ref, loss.gradient]])
  const scores = new Map<string, Ref>()
  for (const [node, y] of outputs) {
    const dy = gradientOf(y)
    // A BN behind the loss, or beside it, has no say in it.
    if (dy === undefined) continue
    const product = graph.node('Mul', [dy, y], { T: FLOAT })
    scores.set(node, graph.node('BiasAddGrad', [product], { T: FLOAT, data_format: DATA_FORMAT }))
  }
  const initialize = whenDone(
    graph,
    variables.all.map((variable) => variable.assign),
  )
  return { network, nodes: graph.nodes, input, labels, loss: loss.value, scores, variables: variables.all, initialize }
}
