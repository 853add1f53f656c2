/**
 * Mixed precision: activations and their gradients in bfloat16 where convolutions read and write them; weights, their
 * gradients, statistics, losses and the optimizer stay float32 (Kalamkar et al., "A Study of BFLOAT16 for Deep Learning
 * Training", 2019; loss scaling, which float16 needs, is for a smaller exponent than bfloat16's).
 */
import { FLOAT, type Attribute, type GraphNode, type Ref } from './graph'

/** What activations and their gradients are held in while training; everything else is float32. */
export type Precision = 'float32' | 'bfloat16'

/** Which inputs of an op are activations. */
interface Operands {
  readonly inputs: readonly number[] | 'all' | 'but last'
  /** Output 0 is an activation, too, unless it is converted back at once or of another type anyway. */
  readonly writes?: 'converted' | 'other'
}

const unary: Operands = { inputs: [0] }
const both: Operands = { inputs: [0, 1] }

/** Worth a conversion of what they read: TensorFlow has faster kernels for them. */
const convolutions: Readonly<Record<string, Operands>> = {
  Conv2D: both,
  Conv2DBackpropInput: { inputs: [1, 2] },
  Conv2DBackpropFilter: { inputs: [0, 2], writes: 'converted' },
}
/** In bfloat16 where something they read is: less to move through memory. What sums over many values is not among them. */
const followers: Readonly<Record<string, Operands>> = {
  Relu: unary,
  ReluGrad: both,
  Relu6: unary,
  Relu6Grad: both,
  AddV2: both,
  AddN: { inputs: 'all' },
  FusedBatchNormV3: unary,
  FusedBatchNormGradV3: both,
  MaxPool: unary,
  MaxPoolGrad: { inputs: [0, 1, 2] },
  ConcatV2: { inputs: 'but last' },
  Slice: unary,
  Pad: unary,
  Identity: unary,
  Shape: { inputs: [0], writes: 'other' },
}

const BFLOAT16: Attribute = { type: 'bfloat16' }

/**
 * The graph with its nodes from `from` on in mixed precision. Names that could be fetched keep their names and types:
 * those of gradients of weights.
 */
export function mixedPrecision(nodes: readonly GraphNode[], from: number): GraphNode[] {
  const result = nodes.slice(0, from)
  /** References whose value is bfloat16 now. */
  const narrow = new Set<Ref>()
  const converted = new Map<string, Ref>()

  /** A value in the type that is wanted, converted once. */
  const as = (ref: Ref, type: Precision): Ref => {
    if (ref.startsWith('^') || narrow.has(ref) === (type === 'bfloat16')) return ref
    const key = `${ref}/${type}`
    const known = converted.get(key)
    if (known) return known
    const [source, target] = type === 'bfloat16' ? [FLOAT, BFLOAT16] : [BFLOAT16, FLOAT]
    const name = key.replace(':', '_')
    result.push({ name, op: 'Cast', inputs: [ref], attributes: { SrcT: source, DstT: target } })
    converted.set(key, name)
    return name
  }

  for (const node of nodes.slice(from)) {
    const heavy = convolutions[node.op]
    const operands = heavy ?? followers[node.op]
    const at = operands ? positions(operands, node) : []
    if (!operands || !(heavy || at.some((i) => narrow.has(node.inputs[i]!)))) {
      result.push({ ...node, inputs: node.inputs.map((ref) => as(ref, 'float32')) })
      continue
    }
    const inputs = node.inputs.map((ref, i) => as(ref, at.includes(i) ? 'bfloat16' : 'float32'))
    const attributes = { ...node.attributes, T: BFLOAT16 }
    if (operands.writes === 'converted') {
      const name = `${node.name}/bfloat16`
      result.push({ ...node, name, inputs, attributes })
      result.push({ name: node.name, op: 'Cast', inputs: [name], attributes: { SrcT: BFLOAT16, DstT: FLOAT } })
      continue
    }
    result.push({ ...node, inputs, attributes })
    if (!operands.writes) narrow.add(node.name)
  }
  return result
}

function positions({ inputs }: Operands, node: GraphNode): number[] {
  if (typeof inputs !== 'string') return [...inputs]
  const data = node.inputs.filter((ref) => !ref.startsWith('^')).map((_, i) => i)
  return inputs === 'all' ? data : data.slice(0, -1)
}
