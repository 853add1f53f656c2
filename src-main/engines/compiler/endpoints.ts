/** Where a network begins and ends in the graph, and one pass through it. */
import { fail, LupineError } from '../../core/failure'
import { producers, type Network, type NetworkNode, type Shape } from '../../core/graph/network'
import { FLOAT, type GraphBuilder, type Ref } from './graph'
import { placeholderShape } from './layout'
import { lower } from './lowering'
import { reshape } from './operations/shaping'
import { BATCH } from './prepare'
import type { Scope } from './scope'

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

/** What labels cannot train. */
export const noClassifier = (network: Network) =>
  fail(
    'input',
    'engine-no-classifier',
    `The first output of ${network.name || 'the network'} is no row of logits per image.`,
    'Train classifiers, or distil from the unpruned network.',
  )

/** The input's placeholder. */
export function inputOf(graph: GraphBuilder, network: Network): Endpoint {
  const [{ name, shape = [] }] = network.inputs
  return { tensor: name, ref: graph.placeholder('input', 'float32', placeholderShape(shape)), shape }
}

/**
 * Writes every node of a network into the scope's graph.
 * @returns the nodes left out, none unless `partial`
 * @throws LupineError input 'engine-op-unsupported', 'engine-shape-unknown', unless `partial`
 */
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

/** A tensor's place, ready to be fetched. @throws LupineError input 'engine-output-unknown' */
export function endpoint(scope: Scope, network: Network, tensor: string): Endpoint {
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

/** Something to fetch that makes the given ops run: they have no output of their own. */
export function whenDone(graph: GraphBuilder, ops: readonly Ref[]): Ref {
  const control = ops.map((op) => `^${op}`)
  const value = { type: 'float32', shape: [], data: Float32Array.of(1) } as const
  return graph.node('Const', control, { dtype: FLOAT, value: { tensor: value } }, 'initialize')
}
