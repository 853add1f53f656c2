import {
  intAttribute,
  type AttributeValue,
  type Network,
  type NetworkNode,
  type Shape,
  type Tensor,
} from '../graph/network'
import { binaryOps } from '../graph/ops/elementwise'
import { padAmounts, sliceIndices, sliceParameters } from '../graph/ops/layout'
import { shapeContext, type Shapes } from '../graph/shapes'

/** Channels kept of a tensor, ascending; undefined: all of them. */
export type KeptChannels = readonly number[] | undefined

export interface CutContext {
  readonly network: Network
  readonly shapes: Shapes
  kept(tensor: string): KeptChannels
  /** Channel count before surgery. */
  count(tensor: string): number
}

/** What a cut changes: slices of initializers, and the node itself where its parameters speak of channels. */
export interface Cut {
  /** Initializer → axis → indices kept. */
  readonly slices: readonly { readonly tensor: string; readonly axis: number; readonly keep: readonly number[] }[]
  readonly node?: NetworkNode
  /** New initializers the node now reads. */
  readonly added?: ReadonlyMap<string, Tensor>
}

type CutRule = (node: NetworkNode, context: CutContext) => Cut

const nothing: Cut = { slices: [] }

const slicesOf = (...entries: [tensor: string | undefined, axis: number, keep: KeptChannels][]): Cut['slices'] =>
  entries.flatMap(([tensor, axis, keep]) => (tensor && keep ? [{ tensor, axis, keep }] : []))

const conv: CutRule = (node, context) => {
  const inputs = context.kept(node.inputs[0]!)
  const outputs = context.kept(node.outputs[0]!)
  const [, weight, bias] = node.inputs
  if (intAttribute(node, 'group', 1) === 1)
    return { slices: slicesOf([weight, 0, outputs], [weight, 1, inputs], [bias, 0, outputs]) }
  // Depthwise: one group per input channel.
  if (!inputs) return nothing
  const attributes: Record<string, AttributeValue> = { ...node.attributes, group: inputs.length }
  return { slices: slicesOf([weight, 0, outputs], [bias, 0, outputs]), node: { ...node, attributes } }
}

const gemm: CutRule = (node, context) => {
  const inputs = context.kept(node.inputs[0]!)
  const outputs = context.kept(node.outputs[0]!)
  const [, weight, bias] = node.inputs
  const rows = intAttribute(node, 'transB', 0) ? 1 : 0
  const biasShape = bias ? context.shapes.get(bias) : undefined
  const biasCut = biasShape && Number(biasShape[biasShape.length - 1]) > 1 ? outputs : undefined
  return {
    slices: slicesOf(
      [weight, rows, inputs],
      [weight, 1 - rows, outputs],
      [bias, (biasShape?.length ?? 1) - 1, biasCut],
    ),
  }
}

const perChannel: CutRule = (node, context) => {
  const kept = context.kept(node.outputs[0]!)
  return {
    slices: slicesOf(...node.inputs.slice(1).map((input) => [input, 0, kept] as [string, number, KeptChannels])),
  }
}

/** Constant operands follow where their channel axis is as long as the tensor's. */
const constantOperands: CutRule = (node, context) => {
  const out = node.outputs[0]!
  const kept = context.kept(out)
  const rank = context.shapes.get(out)?.length ?? 0
  const entries = node.inputs.flatMap((input): [string, number, KeptChannels][] => {
    const tensor = context.network.initializers.get(input)
    if (!tensor) return []
    const axis = 1 - rank + tensor.shape.length
    return axis >= 0 && tensor.shape[axis] === context.count(out) && tensor.shape[axis]! > 1
      ? [[input, axis, kept]]
      : []
  })
  return { slices: slicesOf(...entries) }
}

const int64 = (values: readonly number[]): Tensor => ({
  type: 'int64',
  shape: [values.length],
  data: Float64Array.from(values),
})

const slice: CutRule = (node, context) => {
  const kept = context.kept(node.inputs[0]!)
  const shape = context.shapes.get(node.inputs[0]!) as Shape
  const parameters = sliceParameters(node, shapeContext(context.network, context.shapes), shape.length)
  const channel = parameters?.find(({ axis }) => axis === 1)
  if (!kept || !parameters || !channel) return nothing
  const taken = new Set(sliceIndices(Number(shape[1]), channel.start, channel.end, channel.step))
  const start = kept.filter((c) => c < Math.min(...taken)).length
  const end = start + kept.filter((c) => taken.has(c)).length
  const added = new Map([
    [`${node.name}/starts`, int64(parameters.map((p) => (p.axis === 1 ? start : p.start)))],
    [`${node.name}/ends`, int64(parameters.map((p) => (p.axis === 1 ? end : p.end)))],
  ])
  const inputs = [node.inputs[0]!, ...added.keys(), ...node.inputs.slice(3)]
  return { slices: [], node: { ...node, inputs }, added }
}

const pad: CutRule = (node, context) => {
  const kept = context.kept(node.outputs[0]!)
  const shape = context.shapes.get(node.inputs[0]!) as Shape
  const pads = padAmounts(node, shapeContext(context.network, context.shapes), shape.length)
  if (!kept || !pads || node.inputs[3]) return nothing
  const before = kept.filter((c) => c < pads.begin[1]!).length
  const after = kept.filter((c) => c >= pads.begin[1]! + Number(shape[1])).length
  const values = [...pads.begin, ...pads.end]
  values[1] = before
  values[1 + shape.length] = after
  const name = `${node.name}/pads`
  return {
    slices: [],
    node: { ...node, inputs: [node.inputs[0]!, name, ...node.inputs.slice(2)] },
    added: new Map([[name, int64(values)]]),
  }
}

/** A target that spells out the flattened length must follow it. */
const reshape: CutRule = (node, context) => {
  const kept = context.kept(node.outputs[0]!)
  const target = context.network.initializers.get(node.inputs[1]!)
  if (!kept || !target || Number(target.data[1]) <= 0) return nothing
  const name = `${node.name}/shape`
  const values = [Number(target.data[0]), kept.length]
  return { slices: [], node: { ...node, inputs: [node.inputs[0]!, name] }, added: new Map([[name, int64(values)]]) }
}

/** Keyed like graph/ops. Ops that are missing carry no constant along the channel axis. */
export const cutRules: Readonly<Record<string, CutRule>> = {
  ...Object.fromEntries(binaryOps.map((op) => [op, constantOperands])),
  PRelu: constantOperands,
  Conv: conv,
  Gemm: gemm,
  MatMul: gemm,
  BatchNormalization: perChannel,
  InstanceNormalization: perChannel,
  Slice: slice,
  Pad: pad,
  Reshape: reshape,
}
