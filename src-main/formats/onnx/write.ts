import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { fail } from '../../core/failure'
import { isTensor, type AttributeValue, type Network, type ValueInfo } from '../../core/graph/network'
import { floatAttributes, floatListAttributes } from './attributes'
import {
  AttributeProto_AttributeType as Kind,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
  type AttributeProto,
} from './schema/onnx_pb'
import { codeOf, fileBytes, writeTensor } from './tensors'

/** IR version that goes with an opset, per onnx's own table (opset 7 → 3 … 21 → 10). */
function irVersion(opset: number): bigint {
  if (opset <= 8) return 4n
  if (opset <= 9) return 4n
  if (opset === 10) return 5n
  if (opset === 11) return 6n
  if (opset <= 14) return 7n
  if (opset <= 18) return 8n
  if (opset <= 20) return 9n
  return 10n
}

/** Protobuf's limit for one message. */
const largestFile = 2 ** 31 - 1

/**
 * Network → ONNX bytes. Reading them back gives the same network.
 * @throws LupineError 'onnx-too-large' above 2 GB, which one ONNX file cannot hold
 */
export function writeOnnx(network: Network): Uint8Array {
  let bytes = 0
  for (const tensor of network.initializers.values()) bytes += fileBytes(tensor)
  if (bytes > largestFile)
    throw fail(
      'input',
      'onnx-too-large',
      `The network "${network.name}" has ${(bytes / 1e9).toFixed(1)} GB of weights; one ONNX file holds at most 2 GB.`,
      'Lupine writes single files only: prune further, or export a smaller network.',
    )
  const graph = create(GraphProtoSchema, {
    name: network.name || 'network',
    input: network.inputs.map(writeValueInfo),
    output: network.outputs.map(writeValueInfo),
    initializer: [...network.initializers].map(([name, tensor]) => writeTensor(tensor, name)),
    node: network.nodes.map((node) =>
      create(NodeProtoSchema, {
        name: node.name,
        opType: node.op,
        domain: node.domain,
        input: [...node.inputs],
        output: [...node.outputs],
        attribute: Object.entries(node.attributes).map(([name, value]) => writeAttribute(name, value)),
      }),
    ),
  })
  const opsets = [['', network.opset] as const, ...Object.entries(network.domains)]
  const model = create(ModelProtoSchema, {
    irVersion: irVersion(network.opset),
    producerName: 'lupine',
    opsetImport: opsets.map(([domain, version]) =>
      create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) }),
    ),
    metadataProps: Object.entries(network.metadata).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value }),
    ),
    graph,
  })
  return toBinary(ModelProtoSchema, model)
}

function writeValueInfo(info: ValueInfo) {
  const shape = info.shape
    ? create(TensorShapeProtoSchema, {
        dim: info.shape.map((dim) =>
          create(TensorShapeProto_DimensionSchema, {
            value:
              typeof dim === 'number' ? { case: 'dimValue', value: BigInt(dim) } : { case: 'dimParam', value: dim },
          }),
        ),
      })
    : undefined
  const tensor = create(TypeProto_TensorSchema, { elemType: codeOf(info.type), ...(shape ? { shape } : {}) })
  const type = create(TypeProtoSchema, { value: { case: 'tensorType', value: tensor } })
  return create(ValueInfoProtoSchema, { name: info.name, type })
}

function writeAttribute(name: string, value: AttributeValue): AttributeProto {
  const make = (init: object) => create(AttributeProtoSchema, { name, ...init })
  if (typeof value === 'number') {
    const isFloat = !Number.isInteger(value) || floatAttributes.has(name)
    return isFloat ? make({ type: Kind.FLOAT, f: value }) : make({ type: Kind.INT, i: BigInt(value) })
  }
  const encode = (text: string) => new TextEncoder().encode(text)
  if (typeof value === 'string') return make({ type: Kind.STRING, s: encode(value) })
  if (isTensor(value)) return make({ type: Kind.TENSOR, t: writeTensor(value, '') })
  if ('raw' in value) return fromBinary(AttributeProtoSchema, (value as { raw: Uint8Array }).raw)
  const list = value as readonly (number | string)[]
  if (typeof list[0] === 'string') return make({ type: Kind.STRINGS, strings: (list as string[]).map(encode) })
  const numbers = list as number[]
  return floatListAttributes.has(name) || numbers.some((v) => !Number.isInteger(v))
    ? make({ type: Kind.FLOATS, floats: numbers })
    : make({ type: Kind.INTS, ints: numbers.map(BigInt) })
}
