import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { fail } from '../../core/failure'
import type { AttributeValue, Network, NetworkNode, Shape, Tensor, ValueInfo } from '../../core/graph/network'
import { floatAttributes, floatListAttributes } from './attributes'
import {
  AttributeProto_AttributeType as Kind,
  AttributeProtoSchema,
  ModelProtoSchema,
  type AttributeProto,
  type GraphProto,
  type ModelProto,
  type ValueInfoProto,
} from './schema/onnx_pb'
import { dataTypeOf, readTensor } from './tensors'

export const oldestOpset = 7
export const newestOpset = 21

/**
 * ONNX bytes → Network, as written by the exporter (nothing folded: see core/graph/clean.ts).
 *
 * @param place what to call the file in messages
 * @throws LupineError kind 'input': 'onnx-empty', 'onnx-truncated', 'onnx-foreign', 'onnx-opset', 'onnx-tensor',
 *   'onnx-external-data'
 */
export function readOnnx(bytes: Uint8Array, place: string): Network {
  const model = decode(bytes, place)
  const graph = model.graph!
  const domains: Record<string, number> = {}
  for (const entry of model.opsetImport) domains[entry.domain === 'ai.onnx' ? '' : entry.domain] = Number(entry.version)
  const opset = domains[''] ?? 0
  if (opset < oldestOpset || opset > newestOpset)
    throw fail(
      'input',
      'onnx-opset',
      `${place} uses ONNX opset ${opset || '(none)'}; Lupine reads ${oldestOpset} to ${newestOpset}.`,
      'Export the model with opset_version=17, or convert it with onnx.version_converter.',
    )
  const initializers = new Map<string, Tensor>()
  for (const proto of graph.initializer) initializers.set(proto.name, readTensor(proto, place))
  return {
    name: graph.name,
    opset,
    domains: Object.fromEntries(Object.entries(domains).filter(([domain]) => domain !== '')),
    // Before IR version 4 initializers had to be listed as inputs too.
    inputs: graph.input.filter((input) => !initializers.has(input.name)).map(readValueInfo),
    outputs: graph.output.map(readValueInfo),
    nodes: sortNodes(readNodes(graph, place), initializers, graph, place),
    initializers,
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value])),
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(' '),
  }
}

function decode(bytes: Uint8Array, place: string): ModelProto {
  if (bytes.byteLength === 0)
    throw fail('input', 'onnx-empty', `${place} is empty (0 bytes).`, 'Copy or export the model again.')
  let model: ModelProto
  try {
    model = fromBinary(ModelProtoSchema, bytes)
  } catch (error) {
    // Every ModelProto starts with ir_version (field 1, varint) or, rarely, another low field: a foreign file fails
    // at once, a truncated one after a good start.
    const looksLikeOnnx = bytes[0] === 0x08 && bytes.byteLength > 1 && bytes[1]! < 0x20
    if (looksLikeOnnx)
      throw fail(
        'input',
        'onnx-truncated',
        `${place} ends before the model does (${bytes.byteLength} bytes): ${(error as Error).message}.`,
        'The file is incomplete; copy or export it again.',
        error,
      )
    throw foreign(bytes, place)
  }
  if (!model.graph || (model.irVersion === 0n && model.opsetImport.length === 0)) throw foreign(bytes, place)
  if (model.graph.node.length === 0)
    throw fail('input', 'onnx-truncated', `${place} holds no nodes.`, 'The file is incomplete; export it again.')
  return model
}

/** Names the commonest mistakes by their first bytes. */
function foreign(bytes: Uint8Array, place: string) {
  const text = Buffer.from(bytes.subarray(0, 16)).toString('latin1')
  const guess = text.startsWith('\x89HDF')
    ? 'a Keras/HDF5 file'
    : text.startsWith('PK')
      ? 'a zip archive (PyTorch .pt or .keras)'
      : text.slice(4, 8) === 'TFL3'
        ? 'a TFLite model'
        : text.startsWith('{')
          ? 'JSON (a TensorFlow.js model?)'
          : text.startsWith('version https:')
            ? 'a Git LFS pointer, not the model itself'
            : 'not an ONNX model'
  return fail('input', 'onnx-foreign', `${place} is ${guess}.`, 'Give a .onnx file; export one from your framework.')
}

function readValueInfo(info: ValueInfoProto): ValueInfo {
  const tensor = info.type?.value.case === 'tensorType' ? info.type.value.value : undefined
  const shape: Shape | undefined = tensor?.shape?.dim.map((dim, index) => {
    if (dim.value.case === 'dimValue' && dim.value.value > 0n) return Number(dim.value.value)
    if (dim.value.case === 'dimParam' && dim.value.value) return dim.value.value
    return index === 0 ? 'batch' : `${info.name}_${index}`
  })
  return { name: info.name, type: dataTypeOf(tensor?.elemType ?? 1) ?? 'float32', shape }
}

function readNodes(graph: GraphProto, place: string): NetworkNode[] {
  const names = new Set<string>()
  return graph.node.map((proto, index) => {
    let name = proto.name || proto.output[0] || `${proto.opType}_${index}`
    if (names.has(name)) name = `${name}#${index}`
    names.add(name)
    const attributes: Record<string, AttributeValue> = {}
    for (const attribute of proto.attribute) attributes[attribute.name] = readAttribute(attribute, place)
    const domain = proto.domain === 'ai.onnx' ? '' : proto.domain
    return { name, op: proto.opType, domain, inputs: [...proto.input], outputs: [...proto.output], attributes }
  })
}

const encoded = (attribute: AttributeProto) => ({ raw: toBinary(AttributeProtoSchema, attribute) })

function readAttribute(attribute: AttributeProto, place: string): AttributeValue {
  switch (attribute.type) {
    case Kind.FLOAT:
      return Number.isInteger(attribute.f) && !floatAttributes.has(attribute.name) ? encoded(attribute) : attribute.f
    case Kind.INT:
      return Number(attribute.i)
    case Kind.STRING:
      return new TextDecoder().decode(attribute.s)
    case Kind.FLOATS:
      return attribute.floats.every(Number.isInteger) && !floatListAttributes.has(attribute.name)
        ? encoded(attribute)
        : attribute.floats
    case Kind.INTS:
      return attribute.ints.map(Number)
    case Kind.STRINGS:
      return attribute.strings.map((s) => new TextDecoder().decode(s))
    case Kind.TENSOR:
      return readTensor(attribute.t!, place)
    default:
      return encoded(attribute)
  }
}

/** ONNX demands topological order; some exporters do not keep it. @throws LupineError 'onnx-cycle', 'onnx-dangling' */
function sortNodes(
  nodes: NetworkNode[],
  initializers: ReadonlyMap<string, Tensor>,
  graph: GraphProto,
  place: string,
): NetworkNode[] {
  const known = new Set<string>(['', ...initializers.keys(), ...graph.input.map((input) => input.name)])
  const made = new Set(nodes.flatMap((node) => node.outputs))
  const sorted: NetworkNode[] = []
  let waiting = nodes
  while (waiting.length > 0) {
    const next: NetworkNode[] = []
    for (const node of waiting) {
      if (node.inputs.every((input) => known.has(input))) {
        sorted.push(node)
        for (const output of node.outputs) known.add(output)
      } else next.push(node)
    }
    if (next.length === waiting.length) {
      const node = next[0]!
      const missing = node.inputs.find((input) => !known.has(input))!
      throw made.has(missing)
        ? fail('input', 'onnx-cycle', `${place}: node "${node.name}" is part of a cycle.`, 'Export the model again.')
        : fail(
            'input',
            'onnx-dangling',
            `${place}: node "${node.name}" reads "${missing}", which nothing makes.`,
            'The file is damaged; export it again.',
          )
    }
    waiting = next
  }
  return sorted
}
