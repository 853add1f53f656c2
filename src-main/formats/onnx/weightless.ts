import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import {
  AttributeProto_AttributeType as Kind,
  AttributeProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProto_DataType as Code,
  TensorProtoSchema,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from './schema/onnx_pb'
import { toHalf } from './half'

/** Fewer values than this stay: some tell an operator its sizes (Resize's scales), and they weigh nothing. */
const few = 17

const floats: ReadonlySet<number> = new Set([Code.FLOAT, Code.FLOAT16, Code.DOUBLE].map(Number))

/**
 * A model file that takes as long to run and weighs little: its float weights are made by ConstantOfShape, which
 * runtimes fold on loading. Latency depends on shapes, not on values, as long as these stay ordinary: weights are
 * 1/fan-in, so that activations neither decay to denormals nor overflow.
 * @returns the bytes as given where the opset (below 9) lacks ConstantOfShape
 */
export function weightless(bytes: Uint8Array): Uint8Array {
  const model = fromBinary(ModelProtoSchema, bytes)
  const opset = model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 0n
  const graph = model.graph
  if (!graph || opset < 9n) return bytes
  const roles = rolesOf(graph)
  const made: NodeProto[] = []
  const kept: TensorProto[] = []
  const gone = new Set<string>()
  for (const tensor of graph.initializer) {
    if (!replaceable(tensor)) {
      kept.push(tensor)
      continue
    }
    gone.add(tensor.name)
    made.push(
      constantOfShape(
        tensor,
        tensor.name,
        valueFor(tensor, roles.get(tensor.name)),
        sizesOf(tensor, tensor.name, kept),
      ),
    )
  }
  const nodes = graph.node.map((node) => {
    const tensor = node.opType === 'Constant' ? node.attribute.find(({ name }) => name === 'value')?.t : undefined
    if (!tensor || !replaceable(tensor)) return node
    const [output] = node.output as [string]
    return constantOfShape(tensor, output, valueFor(tensor, roles.get(output)), sizesOf(tensor, output, kept))
  })
  graph.initializer = kept
  graph.node = [...made, ...nodes]
  // Below IR version 4 initializers are listed among the inputs too.
  graph.input = graph.input.filter(({ name }) => !gone.has(name))
  return toBinary(ModelProtoSchema, model)
}

const replaceable = ({ dataType, dims }: TensorProto): boolean =>
  floats.has(dataType) && dims.length > 0 && dims.reduce((a, b) => a * b, 1n) >= few

type Role = 'scale' | 'shift' | undefined

/** What vectors mean to BN: a variance of 0.01 would blow its input up. */
function rolesOf(graph: GraphProto): Map<string, Role> {
  const roles = new Map<string, Role>()
  for (const { opType, input } of graph.node) {
    if (opType !== 'BatchNormalization') continue
    for (const i of [1, 4]) roles.set(input[i]!, 'scale')
    for (const i of [2, 3]) roles.set(input[i]!, 'shift')
  }
  return roles
}

function valueFor({ dims }: TensorProto, role: Role): number {
  if (role) return role === 'scale' ? 1 : 0.01
  return dims.length === 1 ? 0.01 : 1 / Number(dims.slice(1).reduce((a, b) => a * b, 1n))
}

/**
 * The name of the initializer that lists a tensor's sizes. One each, named after the tensor: two networks of the same
 * layers then differ in nothing but widths.
 */
function sizesOf({ dims }: TensorProto, tensor: string, initializers: TensorProto[]): string {
  const name = `lupine.sizes.${tensor}`
  initializers.push(
    create(TensorProtoSchema, { name, dataType: Number(Code.INT64), dims: [BigInt(dims.length)], int64Data: dims }),
  )
  return name
}

function constantOfShape({ dataType }: TensorProto, output: string, value: number, sizes: string): NodeProto {
  const t = create(TensorProtoSchema, {
    dataType,
    dims: [1n],
    ...(dataType === Number(Code.FLOAT) && { floatData: [value] }),
    ...(dataType === Number(Code.DOUBLE) && { doubleData: [value] }),
    ...(dataType === Number(Code.FLOAT16) && { int32Data: [toHalf(value)] }),
  })
  const attribute = create(AttributeProtoSchema, { name: 'value', type: Kind.TENSOR, t })
  return create(NodeProtoSchema, {
    name: `lupine.weight.${output}`,
    opType: 'ConstantOfShape',
    input: [sizes],
    output: [output],
    attribute: [attribute],
  })
}
