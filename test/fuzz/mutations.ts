import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import type { Random } from '../../src-main/core/ports'
import {
  AttributeProto_AttributeType as Kind,
  AttributeProtoSchema,
  ModelProtoSchema,
  TensorShapeProto_DimensionSchema,
  type GraphProto,
  type TensorProto,
} from '../../src-main/formats/onnx/schema/onnx_pb'

/** Damages a file's bytes. */
type ByteMutation = (bytes: Uint8Array, random: Random) => Uint8Array
/** Damages what the file says. */
type GraphMutation = (graph: GraphProto, random: Random) => void

const pick = <T>(list: readonly T[], random: Random): T | undefined => list[random.below(Math.max(1, list.length))]

/** One attribute of some node that has any. */
function anyAttribute(graph: GraphProto, random: Random) {
  const having = graph.node.filter(({ attribute }) => attribute.length > 0)
  return pick(pick(having, random)?.attribute ?? [], random)
}

const extremes = [
  -(2n ** 63n),
  -2n,
  -1n,
  0n,
  1n,
  3n,
  7n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 40n,
  2n ** 62n,
  2n ** 63n - 1n,
]
const extreme = (random: Random): bigint => pick(extremes, random)!

export const byteMutations: Readonly<Record<string, ByteMutation>> = {
  bitFlips(bytes, random) {
    const damaged = bytes.slice()
    for (let i = random.below(16); i >= 0; i--) damaged[random.below(damaged.length)]! ^= 1 << random.below(8)
    return damaged
  },
  /** Where names, types and lengths are: weights make up most of a file. */
  headerFlips(bytes, random) {
    const damaged = bytes.slice()
    for (let i = random.below(8); i >= 0; i--)
      damaged[random.below(Math.min(4096, damaged.length))]! ^= 1 << random.below(8)
    return damaged
  },
  truncation: (bytes, random) => bytes.slice(0, random.below(bytes.length)),
  removedPiece(bytes, random) {
    const from = random.below(bytes.length)
    const to = Math.min(bytes.length, from + 1 + random.below(64))
    return Uint8Array.from([...bytes.subarray(0, from), ...bytes.subarray(to)])
  },
  /** A length that says more, or far more, than there is. */
  lengthLie(bytes, random) {
    const damaged = bytes.slice()
    const at = random.below(Math.max(1, damaged.length - 5))
    damaged.set([0xff, 0xff, 0xff, 0xff, random.below(16)], at)
    return damaged
  },
}

const anyTensor = (graph: GraphProto, random: Random): TensorProto | undefined => pick(graph.initializer, random)

export const graphMutations: Readonly<Record<string, GraphMutation>> = {
  cycle(graph, random) {
    const [a, b] = [pick(graph.node, random), pick(graph.node, random)]
    if (a && b?.output[0]) a.input[random.below(Math.max(1, a.input.length))] = b.output[0]
  },
  selfReference(graph, random) {
    const node = pick(graph.node, random)
    if (node?.output[0]) node.input[0] = node.output[0]
  },
  duplicateName(graph, random) {
    const [a, b] = [pick(graph.node, random), pick(graph.node, random)]
    if (a && b?.output[0]) a.output[0] = b.output[0]
    if (a && b) a.name = b.name
  },
  missingInput(graph, random) {
    const node = pick(graph.node, random)
    node?.input.splice(random.below(Math.max(1, node.input.length)), 1)
  },
  unknownInput(graph, random) {
    const node = pick(graph.node, random)
    if (node)
      node.input[random.below(Math.max(1, node.input.length))] = pick(
        ['nobody', '', '__proto__', 'constructor'],
        random,
      )!
  },
  swappedInputs(graph, random) {
    pick(graph.node, random)?.input.reverse()
  },
  missingOutput(graph, random) {
    pick(graph.node, random)?.output.splice(0, 1)
  },
  otherOperator(graph, random) {
    const [a, b] = [pick(graph.node, random), pick(graph.node, random)]
    if (a && b)
      a.opType = pick([b.opType, '', 'Loop', 'constructor', '__proto__', 'Expand', 'Tile', 'Reshape', 'Split'], random)!
  },
  tensorShape(graph, random) {
    const tensor = anyTensor(graph, random)
    if (tensor) tensor.dims[random.below(Math.max(1, tensor.dims.length))] = extreme(random)
  },
  tensorRank(graph, random) {
    const tensor = anyTensor(graph, random)
    if (random.next() < 0.5) tensor?.dims.push(1n)
    else tensor?.dims.splice(0, 1)
  },
  /** Same volume, other shape: only the graph contradicts. */
  tensorReshape(graph, random) {
    anyTensor(graph, random)?.dims.reverse()
  },
  tensorType(graph, random) {
    const tensor = anyTensor(graph, random)
    if (tensor) tensor.dataType = random.below(26)
  },
  tensorValues(graph, random) {
    const short = graph.initializer.filter(({ dataType, rawData }) => dataType === 7 && rawData.length >= 8)
    const tensor = pick(short, random)
    if (!tensor) return
    const raw = tensor.rawData.slice()
    new DataView(raw.buffer).setBigInt64(8 * random.below(raw.length / 8), extreme(random), true)
    tensor.rawData = raw
  },
  externalPath(graph, random) {
    const tensor = anyTensor(graph, random)
    if (!tensor) return
    tensor.dataLocation = 1
    const value = pick(['../../etc/passwd', '/etc/passwd', '', '.', 'no\0where', 'missing.bin'], random)!
    tensor.externalData = [{ $typeName: 'onnx.StringStringEntryProto', key: 'location', value }]
  },
  inputShape(graph, random) {
    const type = pick(graph.input, random)?.type?.value
    if (type?.case !== 'tensorType' || !type.value.shape) return
    const { dim } = type.value.shape
    const value = { case: 'dimValue' as const, value: extreme(random) }
    const change = random.below(4)
    if (change === 0) dim.pop()
    else if (change === 1) dim.push(create(TensorShapeProto_DimensionSchema, { value }))
    else if (change === 2) dim[random.below(Math.max(1, dim.length))] = create(TensorShapeProto_DimensionSchema, {})
    else dim[random.below(Math.max(1, dim.length))] = create(TensorShapeProto_DimensionSchema, { value })
  },
  attributeValue(graph, random) {
    const attribute = anyAttribute(graph, random)
    if (!attribute) return
    attribute.i = extreme(random)
    if (attribute.ints.length > 0) attribute.ints[random.below(attribute.ints.length)] = extreme(random)
    if (random.next() < 0.3) attribute.ints = attribute.ints.slice(1)
  },
  attributeKind(graph, random) {
    const attribute = anyAttribute(graph, random)
    if (attribute) attribute.type = random.below(16) as Kind
  },
  strangeAttribute(graph, random) {
    const name = pick(['__proto__', 'axis', 'axes', 'group', 'perm', 'kernel_shape', 'blocksize'], random)!
    pick(graph.node, random)?.attribute.push(create(AttributeProtoSchema, { name, type: Kind.INT, i: extreme(random) }))
  },
  outputs(graph, random) {
    const output = pick(graph.output, random)
    if (random.next() < 0.3) graph.output = []
    else if (output) output.name = pick(['nobody', ...graph.node.map(({ output: [name] }) => name ?? '')], random)!
  },
  lostNode(graph, random) {
    graph.node.splice(random.below(graph.node.length), 1)
  },
  shuffledNodes(graph, random) {
    graph.node.sort(() => random.next() - 0.5)
  },
}

const kinds = [...Object.keys(byteMutations), ...Object.keys(graphMutations)]

/** The i-th damaged copy; one to three mutations of the structure, or one of the bytes. */
export function mutate(bytes: Uint8Array, random: Random): { kind: string; bytes: Uint8Array } {
  const kind = kinds[random.below(kinds.length)]!
  const ofBytes = byteMutations[kind]
  if (ofBytes) return { kind, bytes: ofBytes(bytes, random) }
  const model = fromBinary(ModelProtoSchema, bytes)
  graphMutations[kind]!(model.graph!, random)
  const names = Object.keys(graphMutations)
  const more = random.below(3)
  for (let i = 0; i < more; i++) graphMutations[names[random.below(names.length)]!]!(model.graph!, random)
  return { kind, bytes: toBinary(ModelProtoSchema, model) }
}
