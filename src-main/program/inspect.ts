import type { CallResult } from '../contract'
import { findGroups } from '../core/coupling/groups'
import { layerName } from '../core/coupling/layers'
import { outlineOf, type Outline } from '../core/coupling/outline'
import { networkCost } from '../core/graph/cost'
import type { Shape, ValueInfo } from '../core/graph/network'
import { opRow } from '../core/graph/ops'
import { inferShapes } from '../core/graph/shapes'
import { sizesFrom } from './input-size'
import { loadModel, naming } from './load'

/** `inspect MODEL`. @throws LupineError of the model */
export async function inspectModel({
  model,
  input,
  graph,
}: {
  model: string
  input?: string | undefined
  graph?: boolean | undefined
}): Promise<CallResult<'model.inspect'>> {
  const { bytes, given, network } = await loadModel(model)
  const sizes = sizesFrom(input, network, model)
  const coupling = naming(model, () => findGroups(network, inferShapes(network, sizes)))
  const cost = networkCost(network, coupling.shapes)
  const names = new Map(network.nodes.map((node) => [node.name, layerName(node)]))
  const value = (info: ValueInfo) => ({
    name: info.name,
    shape: [...(info.shape ?? coupling.shapes.get(info.name) ?? [])],
  })
  return {
    format: 'onnx',
    producer: given.producer,
    opset: given.opset,
    inputs: given.inputs.map((info) => ({ ...value(info), ...assumedShape(info, coupling.shapes.get(info.name)) })),
    outputs: given.outputs.map(value),
    nodes: network.nodes.length,
    opaque: network.nodes
      .filter((node) => !opRow(node))
      .map((node) => ({ op: node.domain ? `${node.domain}:${node.op}` : node.op, name: node.name })),
    macs: cost.macs,
    params: cost.params,
    bytes: bytes.byteLength,
    peakActivationBytes: cost.peakActivationBytes,
    groups: coupling.groups.map((group) => ({
      id: group.id,
      channels: group.channels,
      prunable: group.prunable,
      ...(group.why ? { why: group.why } : {}),
      ...(group.stream ? { stream: true } : {}),
      layers: [...new Set([...group.producers, ...group.contractors])].map((name) => names.get(name)!),
    })),
    ...(graph && { graph: mutable(outlineOf(coupling)) }),
  }
}

/** The contract's types are not readonly; nobody writes to what is given. */
const mutable = (outline: Outline) => outline as NonNullable<CallResult<'model.inspect'>['graph']>

/** Sizes chosen for an input whose file leaves more open than the batch. */
function assumedShape({ shape }: ValueInfo, sized: Shape | undefined): { assumed?: number[] } {
  const open = shape?.some((dim, axis) => typeof dim === 'string' && axis > 0)
  return open && sized ? { assumed: sized.map((dim) => (typeof dim === 'number' ? dim : 1)) } : {}
}
