import { toBinary } from '@bufbuild/protobuf'
import { fail } from '../../core/failure'
import type { AttributeValue, NetworkNode, Shape, ValueInfo } from '../../core/graph/network'
import { floatAttributes, floatListAttributes } from './attributes'
import {
  AttributeProto_AttributeType as Kind,
  AttributeProtoSchema,
  type AttributeProto,
  type GraphProto,
  type ValueInfoProto,
} from './schema/onnx_pb'
import { dataTypeOf, readTensor, type TensorSource } from './tensors'

const FLOAT16 = 10
const BFLOAT16 = 16

/** Half precision is computed in float32 throughout. */
const isHalf = (code: number): boolean => code === FLOAT16 || code === BFLOAT16

/** Names that exporters write for "any size", alike for axes that have nothing to do with each other. */
const nameless = new Set(['', 'None', '?', 'unk', '-1'])

export function readValueInfo(info: ValueInfoProto): ValueInfo {
  const tensor = info.type?.value.case === 'tensorType' ? info.type.value.value : undefined
  const shape: Shape | undefined = tensor?.shape?.dim.map((dim, index) => {
    if (dim.value.case === 'dimValue' && dim.value.value > 0n) return Number(dim.value.value)
    if (dim.value.case === 'dimParam' && (index === 0 ? dim.value.value : !nameless.has(dim.value.value)))
      return dim.value.value
    return index === 0 ? 'batch' : `${info.name}_${index}`
  })
  const code = tensor?.elemType ?? 1
  return { name: info.name, type: isHalf(code) ? 'float32' : (dataTypeOf(code) ?? 'float32'), shape }
}

/**
 * Nodes as they are in the file, with unique names.
 * @throws LupineError 'onnx-attribute', 'onnx-operator', and as readTensor
 */
export function readNodes(graph: GraphProto, source: TensorSource): NetworkNode[] {
  const names = new Set<string>()
  return graph.node.map((proto, index) => {
    const wanted = proto.name || proto.output[0] || `${proto.opType}_${index}`
    let name = wanted
    for (let i = index; names.has(name); i++) name = `${wanted}#${i}`
    names.add(name)
    const attributes = Object.fromEntries(
      proto.attribute.map((attribute) => [attribute.name, readAttribute(attribute, name, source)]),
    )
    const domain = proto.domain === 'ai.onnx' ? '' : proto.domain
    // A name such as "constructor" would be found in any table.
    if (proto.opType === '' || proto.opType in {})
      throw fail(
        'input',
        'onnx-operator',
        `${source.place}: node "${name}" has the operator "${proto.opType}", which cannot be.`,
        'The file is damaged; export or copy it again.',
      )
    const { inputs, outputs } = { inputs: [...proto.input], outputs: [...proto.output] }
    if (domain === '' && (proto.opType === 'Cast' || proto.opType === 'CastLike'))
      if (isHalf(attributes['to'] as number)) attributes['to'] = 1
    const captured = proto.attribute.flatMap((a) => [...(a.g ? [a.g] : []), ...a.graphs]).flatMap(capturedNames)
    const node = { name, op: proto.opType, domain, inputs, outputs, attributes }
    return captured.length > 0 ? { ...node, captured: [...new Set(captured)] } : node
  })
}

/** What a subgraph reads that it does not make itself. */
function capturedNames(graph: GraphProto): string[] {
  const own = new Set([...graph.input, ...graph.initializer].map(({ name }) => name))
  for (const node of graph.node) for (const output of node.output) own.add(output)
  const read = graph.node.flatMap((node) => [
    ...node.input,
    ...node.attribute.flatMap((a) => [...(a.g ? [a.g] : []), ...a.graphs]).flatMap(capturedNames),
  ])
  return [...read, ...graph.output.map(({ name }) => name)].filter((name) => name && !own.has(name))
}

const encoded = (attribute: AttributeProto) => ({ raw: toBinary(AttributeProtoSchema, attribute) })

/** Very old files leave the type out: what is filled in tells. */
function kindOf(attribute: AttributeProto): Kind {
  if (attribute.type !== Kind.UNDEFINED) return attribute.type
  if (attribute.t) return Kind.TENSOR
  if (attribute.s.length > 0) return Kind.STRING
  if (attribute.ints.length > 0) return Kind.INTS
  if (attribute.floats.length > 0) return Kind.FLOATS
  if (attribute.i !== 0n) return Kind.INT
  return attribute.f !== 0 ? Kind.FLOAT : Kind.UNDEFINED
}

function readAttribute(attribute: AttributeProto, node: string, source: TensorSource): AttributeValue {
  switch (kindOf(attribute)) {
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
      if (!attribute.t)
        throw fail(
          'input',
          'onnx-attribute',
          `${source.place}: attribute "${attribute.name}" of node "${node}" should be a tensor and holds none.`,
          'The file is damaged; export or copy it again.',
        )
      return readTensor(attribute.t, source)
    default:
      return encoded(attribute)
  }
}
