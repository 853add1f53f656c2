import { binaryOps, unaryOps } from '../../graph/ops/elementwise'
import { broadcastLength } from '../channels'
import { activations, blockNode, follow, pass, passSpatial, type CouplingRule } from './context'

/**
 * Operands broadcast against each other: those that are as long as the result along its channel axis hold the same
 * channels, those of length 1 serve all channels alike.
 */
export const join: CouplingRule = (node, context) => {
  const { channels } = context
  const rank = context.shape(node.outputs[0])?.length
  const inputs = activations(node, context)
  if (rank === undefined) return blockNode(node, context, `reaches ${node.op} "${node.name}" with an unknown shape`)
  const aligned = (input: string, axis: number) => axis + rank - (context.shape(input)?.length ?? 0)
  const carriers = inputs.filter((input) => (channels.of(input)?.ids.length ?? 0) > 1)
  if (carriers.length === 0) return
  const axes = new Set(carriers.map((input) => aligned(input, channels.of(input)!.axis)))
  const axis = [...axes][0]!
  if (axes.size > 1) return blockNode(node, context, `${node.op} "${node.name}" joins channels on different axes`)
  const ids = channels.of(carriers[0]!)!.ids
  for (const input of inputs) {
    const shape = context.shape(input)
    const length = shape?.[axis - rank + shape.length] ?? 1
    if (length === 1) continue
    const carried = channels.of(input)
    if (!carried || carried.ids.length !== ids.length)
      return blockNode(
        node,
        context,
        `is joined by ${node.op} "${node.name}" with \`${input}\`: ${channels.whyFixed(input)}`,
      )
    channels.uniteAll(ids, carried.ids)
  }
  node.inputs.forEach((input, i) => {
    const tensor = context.network.initializers.get(input)
    const length = tensor && broadcastLength(tensor, axis, rank)
    if (length === ids.length) follow(node, context, i, axis - rank + tensor!.shape.length, ids)
  })
  channels.set(node.outputs[0]!, axis, ids)
}

/** One value per channel in every constant input: scale, shift, mean, variance. */
const perChannel: CouplingRule = (node, context) => {
  passSpatial(node, context)
  const ids = context.channels.of(node.outputs[0])?.ids
  node.inputs.slice(1).forEach((input, i) => {
    if (!input) return
    if (context.network.initializers.has(input)) follow(node, context, i + 1, 0, ids)
    else blockNode(node, context, `the parameters of "${node.name}" are not constant`)
  })
}

/** Normalises along its axis: channels elsewhere pass. */
const along =
  (axisOf: (node: Parameters<CouplingRule>[0]) => number, onwards: boolean): CouplingRule =>
  (node, context) => {
    const from = context.channels.of(node.inputs[0])
    const rank = context.shape(node.inputs[0])?.length
    if (!from) return
    const raw = axisOf(node)
    const axis = raw < 0 ? raw + (rank ?? NaN) : raw
    if (onwards ? from.axis < axis : rank !== undefined && from.axis !== axis) return pass(node, context)
    blockNode(node, context, `${node.op} "${node.name}" normalises across channels`)
  }

const attribute = (name: string, fallback: number) => (node: Parameters<CouplingRule>[0]) => {
  const value = node.attributes[name]
  return typeof value === 'number' ? value : fallback
}

const acrossChannels: CouplingRule = (node, context) =>
  blockNode(node, context, `${node.op} "${node.name}" normalises across channels`)

/** Unlike `pass`, the other inputs (a slope, say) may have channels of their own. */
const unary: CouplingRule = (node, context) => (node.op === 'PRelu' ? join(node, context) : pass(node, context))

export const elementwiseRules: Readonly<Record<string, CouplingRule>> = {
  ...Object.fromEntries(unaryOps.map((op) => [op, unary])),
  ...Object.fromEntries(binaryOps.map((op) => [op, join])),
  Where: join,
  BatchNormalization: perChannel,
  InstanceNormalization: perChannel,
  Softmax: along(attribute('axis', -1), false),
  LogSoftmax: along(attribute('axis', -1), false),
  LayerNormalization: along(attribute('axis', -1), true),
  GroupNormalization: acrossChannels,
  LRN: acrossChannels,
}
