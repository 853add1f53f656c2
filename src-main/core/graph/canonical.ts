import { isTensor, type Network, type NetworkNode, type Shape } from './network'
import { canLower, lowered } from './lowered'
import { opRow } from './ops'
import { canRaise, raised } from './raised'
import type { RewriteContext } from './rewrite-context'
import { propagate } from './shapes'

/** The opset inside: the oldest whose BatchNormalization recalibrates in onnxruntime is 14; 17 is widely supported. */
export const canonicalOpset = 17

/**
 * Rewrites a network of opset 7 to 21 in the forms of 17, so that everything behind sees one: older opsets kept in
 * attributes what 17 takes as inputs, newer ones the other way round; ops that were dropped (Upsample, ImageScaler, …)
 * become what replaced them. A network with an op that Lupine does not know, or that 17 cannot say, keeps its opset.
 */
export function toCanonicalOpset(network: Network): Network {
  if (network.opset === canonicalOpset) return network
  const [can, rewrite] = network.opset < canonicalOpset ? [canRaise, raised] : [canLower, lowered]
  const initializers = new Map(network.initializers)
  let shapes: ReadonlyMap<string, Shape> | undefined
  const inputs = () => new Map(network.inputs.flatMap(({ name, shape }) => (shape ? [[name, shape] as const] : [])))
  const context: RewriteContext = {
    opset: network.opset,
    shape: (name) => (shapes ??= propagate(network, inputs()).shapes).get(name ?? ''),
    constant: (name) => {
      const tensor = network.initializers.get(name ?? '')
      return tensor && Array.from(tensor.data, Number)
    },
    add(node, name, tensor) {
      const id = `${node.name}/${name}`
      initializers.set(id, tensor)
      return id
    },
  }
  for (const node of network.nodes) if (!isKnown(node) || !can(node, context)) return network
  const nodes = network.nodes.flatMap((node) => (node.domain === '' ? rewrite(node, context) : [node]))
  return { ...network, opset: canonicalOpset, nodes, initializers }
}

/** Ops without a row that are nevertheless understood: raised.ts says what they become. */
const replaced = new Set(['ImageScaler', 'Crop', 'Affine', 'Constant'])

/** A subgraph inside an attribute would keep its own forms. */
const hasSubgraph = (node: NetworkNode): boolean =>
  Object.values(node.attributes).some(
    (value) =>
      typeof value === 'object' &&
      !Array.isArray(value) &&
      !isTensor(value) &&
      ['If', 'Loop', 'Scan'].includes(node.op),
  )

const isKnown = (node: NetworkNode): boolean =>
  node.domain !== '' || ((opRow(node) !== undefined || replaced.has(node.op)) && !hasSubgraph(node))
