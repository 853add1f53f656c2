import { intAttribute, type NetworkNode } from '../../graph/network'
import { blockNode, follow, makeChannels, type CouplingRule, type RuleContext } from './context'

/** Weights made at run time have no channels that could be cut. */
function constantWeight(node: NetworkNode, context: RuleContext): readonly number[] | undefined {
  const weight = context.network.initializers.get(node.inputs[1] ?? '')
  if (!weight) blockNode(node, context, `the weights of "${node.name}" are not constant`)
  return weight?.shape
}

/** Channels that arrive along `axis`; those on another axis are blocked. */
function arriving(node: NetworkNode, context: RuleContext, axis: number): Int32Array | undefined {
  const from = context.channels.of(node.inputs[0])
  if (!from || from.axis === axis) return from?.ids
  context.channels.block(from.ids, `reaches ${node.op} "${node.name}" on an axis it does not sum over`)
  return undefined
}

function bias(node: NetworkNode, context: RuleContext, ids: Int32Array | undefined): void {
  const name = node.inputs[2]
  if (!name || !ids) return
  const tensor = context.network.initializers.get(name)
  if (tensor && tensor.shape[tensor.shape.length - 1] === ids.length && ids.length > 1)
    follow(node, context, 2, tensor.shape.length - 1, ids)
  else if (!tensor) {
    const other = context.channels.of(name)
    if (other && other.ids.length === ids.length) context.channels.uniteAll(ids, other.ids)
    else context.channels.block(ids, `the bias of "${node.name}" is not constant`)
  }
}

/** Each channel has filters of its own: output channel c·m + j belongs to input channel c. */
function depthwise(node: NetworkNode, context: RuleContext, inputs: Int32Array, multiplier: number): void {
  const ids = Int32Array.from({ length: inputs.length * multiplier }, (_, i) => inputs[Math.floor(i / multiplier)]!)
  context.channels.set(node.outputs[0]!, 1, ids)
  follow(node, context, 1, 0, node.op === 'Conv' ? ids : inputs)
  bias(node, context, ids)
}

/** Weight [M, C/group, k…] (Conv) or [C, M/group, k…] (ConvTranspose). */
const convolution: CouplingRule = (node, context) => {
  const shape = constantWeight(node, context)
  if (!shape) return
  const group = intAttribute(node, 'group', 1)
  const inputs = arriving(node, context, 1)
  const transposed = node.op === 'ConvTranspose'
  const count = Number(context.shape(node.inputs[0])?.[1])
  if (group > 1 && group === count) {
    if (inputs) depthwise(node, context, inputs, transposed ? shape[1]! : shape[0]! / group)
    else context.channels.fix(node.outputs[0]!, `depthwise "${node.name}" on fixed channels`)
    return
  }
  const outputs = makeChannels(node, context, 1)
  // Of a grouped weight the first axis tells the groups apart, and the second is counted within each.
  follow(node, context, 1, transposed ? 1 : 0, outputs, 'out', transposed ? group : 1)
  follow(node, context, 1, transposed ? 0 : 1, inputs, 'in', transposed ? 1 : group)
  bias(node, context, outputs)
  if (group === 1) return
  for (const ids of [inputs, outputs]) if (ids) context.channels.balances.push({ ids, parts: group, node: node.name })
}

/** A·B + C, with A [N, K] and B [K, M], or transposed. */
const gemm: CouplingRule = (node, context) => {
  if (!constantWeight(node, context)) return
  if (intAttribute(node, 'transA', 0)) return blockNode(node, context, `Gemm "${node.name}" transposes its input`)
  const rows = intAttribute(node, 'transB', 0) ? 1 : 0
  const outputs = makeChannels(node, context, 1)
  follow(node, context, 1, rows, arriving(node, context, 1), 'in')
  follow(node, context, 1, 1 - rows, outputs)
  bias(node, context, outputs)
}

const matMul: CouplingRule = (node, context) => {
  const rank = context.shape(node.inputs[0])?.length
  const weight = context.network.initializers.get(node.inputs[1] ?? '')
  if (!weight || weight.shape.length !== 2 || rank === undefined || rank < 2)
    return blockNode(node, context, `MatMul "${node.name}" is not a dense layer`)
  const from = context.channels.of(node.inputs[0])
  // A dense layer over another axis leaves the channels alone; its own outputs are then no channels.
  if (from && from.axis !== rank - 1) return context.channels.set(node.outputs[0]!, from.axis, from.ids)
  const outputs = makeChannels(node, context, rank - 1)
  follow(node, context, 1, 0, from?.ids, 'in')
  follow(node, context, 1, 1, outputs)
}

export const contractionRules: Readonly<Record<string, CouplingRule>> = {
  Conv: convolution,
  ConvTranspose: convolution,
  Gemm: gemm,
  MatMul: matMul,
}
