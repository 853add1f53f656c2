import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { Attribute, GraphNode, GraphTensor, GraphType } from './graph'

/** types.proto's DataType. */
const dataTypes: Record<GraphType, number> = { float32: 1, int32: 3, bool: 10, bfloat16: 14, resource: 20 }

/** The version of TensorFlow's graph format these nodes are written for; older readers of it refuse nothing we use. */
const GRAPH_PRODUCER = 1087

const { Varint, Bit32, LengthDelimited } = WireType

/** A sub-message: field `number`, filled in by `write`. */
function message(writer: BinaryWriter, number: number, write: (writer: BinaryWriter) => void): void {
  writer.tag(number, LengthDelimited).fork()
  write(writer)
  writer.join()
}

/** tensor_shape.proto. */
function writeShape(writer: BinaryWriter, shape: readonly number[]): void {
  for (const size of shape) message(writer, 2, (dim) => dim.tag(1, Varint).int64(size))
}

/** tensor.proto, with the values as little-endian bytes. */
function writeTensor(writer: BinaryWriter, { type, shape, data }: GraphTensor): void {
  writer.tag(1, Varint).int32(dataTypes[type])
  message(writer, 2, (inner) => writeShape(inner, shape))
  writer.tag(4, LengthDelimited).bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
}

/** attr_value.proto. */
function writeAttribute(writer: BinaryWriter, value: Attribute): void {
  if ('ints' in value) message(writer, 1, (list) => value.ints.forEach((item) => list.tag(3, Varint).int64(item)))
  else if ('string' in value) writer.tag(2, LengthDelimited).string(value.string)
  else if ('int' in value) writer.tag(3, Varint).int64(value.int)
  else if ('float' in value) writer.tag(4, Bit32).float(value.float)
  else if ('bool' in value) writer.tag(5, Varint).bool(value.bool)
  else if ('type' in value) writer.tag(6, Varint).int32(dataTypes[value.type])
  else if ('shape' in value) message(writer, 7, (inner) => writeShape(inner, value.shape))
  else message(writer, 8, (inner) => writeTensor(inner, value.tensor))
}

/** graph.proto's NodeDef. */
function writeNode(writer: BinaryWriter, node: GraphNode): void {
  writer.tag(1, LengthDelimited).string(node.name)
  writer.tag(2, LengthDelimited).string(node.op)
  for (const input of node.inputs) writer.tag(3, LengthDelimited).string(input)
  for (const [name, value] of Object.entries(node.attributes))
    message(writer, 5, (entry) => {
      entry.tag(1, LengthDelimited).string(name)
      message(entry, 2, (inner) => writeAttribute(inner, value))
    })
}

/** A graph as the bytes of saved_model.pb, with the one tag 'serve' and no signatures. */
export function encodeSavedModel(nodes: readonly GraphNode[]): Uint8Array {
  const writer = new BinaryWriter()
  writer.tag(1, Varint).int64(1)
  message(writer, 2, (metaGraph) => {
    message(metaGraph, 1, (info) => info.tag(4, LengthDelimited).string('serve'))
    message(metaGraph, 2, (graph) => {
      for (const node of nodes) message(graph, 1, (inner) => writeNode(inner, node))
      message(graph, 4, (versions) => versions.tag(1, Varint).int32(GRAPH_PRODUCER))
    })
  })
  return writer.finish()
}
