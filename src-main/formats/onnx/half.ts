import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema, TensorProto_DataType as Code, ValueInfoProtoSchema, type ModelProto } from './schema/onnx_pb'

/** number → IEEE 754 binary16, to the nearest, halves to the even one; what is too large becomes infinite. */
export function toHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  if (Number.isNaN(value)) return 0x7e00
  if (size >= 65520) return sign | 0x7c00
  // Steps between neighbours: 2^-24 below the smallest normal number, 2^(exponent - 10) above.
  const exponent = Math.max(-14, Math.floor(Math.log2(size)))
  const steps = size / 2 ** (exponent - 10)
  const down = Math.floor(steps)
  const rounded = steps - down > 0.5 || (steps - down === 0.5 && down % 2 === 1) ? down + 1 : down
  // A normal number's 1024 steps are implied by its exponent; a carry into the next exponent comes out by itself.
  return sign | (rounded + (exponent + 14) * 1024)
}

/** Whether a model file computes in half precision, in part at least. */
export function computesInHalf(bytes: Uint8Array): boolean {
  const { graph } = fromBinary(ModelProtoSchema, bytes)
  const half = Number(Code.FLOAT16)
  return (
    !!graph &&
    (graph.initializer.some(({ dataType }) => dataType === half) ||
      graph.input.some(({ type }) => type?.value.case === 'tensorType' && type.value.value.elemType === half) ||
      graph.node.some(({ opType, attribute }) =>
        attribute.some(({ name, i, t }) => t?.dataType === half || (opType === 'Cast' && name === 'to' && i === 10n)),
      ))
  )
}

/** A model file as it came, every type kept, with some of its tensors for outputs. */
export function withOutputs(bytes: Uint8Array, names: readonly string[]): Uint8Array {
  const model: ModelProto = fromBinary(ModelProtoSchema, bytes)
  const known = new Map(model.graph!.output.map((output) => [output.name, output]))
  // A type left out is inferred.
  model.graph!.output = names.map((name) => known.get(name) ?? create(ValueInfoProtoSchema, { name }))
  return toBinary(ModelProtoSchema, model)
}
