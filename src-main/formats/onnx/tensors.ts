import { create } from '@bufbuild/protobuf'
import { fail } from '../../core/failure'
import { elementCount, type DataType, type Tensor, type TensorData } from '../../core/graph/network'
import {
  TensorProto_DataType as Code,
  TensorProto_DataLocation,
  TensorProtoSchema,
  type TensorProto,
} from './schema/onnx_pb'

const types: ReadonlyMap<number, DataType> = new Map([
  [Code.FLOAT, 'float32'],
  [Code.DOUBLE, 'float64'],
  [Code.FLOAT16, 'float16'],
  [Code.INT8, 'int8'],
  [Code.INT16, 'int16'],
  [Code.INT32, 'int32'],
  [Code.INT64, 'int64'],
  [Code.UINT8, 'uint8'],
  [Code.UINT16, 'uint16'],
  [Code.UINT32, 'uint32'],
  [Code.UINT64, 'uint64'],
  [Code.BOOL, 'bool'],
  [Code.STRING, 'string'],
])
const codes = new Map([...types].map(([code, type]) => [type, code]))

/** ONNX's element type code as a DataType; undefined for types Lupine does not hold (bfloat16, float8, …). */
export const dataTypeOf = (code: number): DataType | undefined => types.get(code)
export const codeOf = (type: DataType): number => codes.get(type)!

const bytesPerElement: Partial<Record<DataType, number>> = {
  float32: 4,
  float64: 8,
  float16: 2,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  bool: 1,
}

/** IEEE 754 binary16 → number. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** A typed view of little-endian bytes, without a copy where the alignment allows. */
function view(raw: Uint8Array, type: DataType): TensorData {
  const size = bytesPerElement[type]!
  const bytes = raw.byteOffset % size === 0 ? raw : new Uint8Array(raw)
  const { buffer, byteOffset } = bytes
  const length = bytes.byteLength / size
  switch (type) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, length)
    case 'float64':
      return new Float64Array(buffer, byteOffset, length)
    case 'float16':
      return Float32Array.from(new Uint16Array(buffer, byteOffset, length), fromHalf)
    case 'int8':
      return new Int8Array(buffer, byteOffset, length)
    case 'int16':
      return new Int16Array(buffer, byteOffset, length)
    case 'int32':
      return new Int32Array(buffer, byteOffset, length)
    case 'int64':
      return Float64Array.from(new BigInt64Array(buffer, byteOffset, length), Number)
    case 'uint64':
      return Float64Array.from(new BigUint64Array(buffer, byteOffset, length), Number)
    case 'uint16':
      return new Uint16Array(buffer, byteOffset, length)
    case 'uint32':
      return new Uint32Array(buffer, byteOffset, length)
    default:
      return new Uint8Array(buffer, byteOffset, length)
  }
}

/** Data given in a typed field (float_data, int64_data, …) instead of raw_data. */
function fromFields(proto: TensorProto, type: DataType): TensorData {
  switch (type) {
    case 'float32':
      return Float32Array.from(proto.floatData)
    case 'float64':
      return Float64Array.from(proto.doubleData)
    case 'int64':
      return Float64Array.from(proto.int64Data, Number)
    case 'uint64':
    case 'uint32':
      return type === 'uint32'
        ? Uint32Array.from(proto.uint64Data, Number)
        : Float64Array.from(proto.uint64Data, Number)
    case 'float16':
      return Float32Array.from(proto.int32Data, fromHalf)
    case 'int8':
      return Int8Array.from(proto.int32Data)
    case 'int16':
      return Int16Array.from(proto.int32Data)
    case 'uint16':
      return Uint16Array.from(proto.int32Data)
    case 'int32':
      return Int32Array.from(proto.int32Data)
    default:
      return Uint8Array.from(proto.int32Data)
  }
}

/**
 * TensorProto → Tensor. Raw data is viewed in place, not copied.
 * @throws LupineError 'onnx-tensor' for an element type Lupine does not hold, 'onnx-external-data' for weights in
 *   another file, 'onnx-truncated' when the data are shorter or longer than the shape says
 */
export function readTensor(proto: TensorProto, place: string): Tensor {
  const type = dataTypeOf(proto.dataType)
  if (!type || type === 'string')
    throw fail(
      'input',
      'onnx-tensor',
      `${place}: tensor "${proto.name}" has the element type ${Code[proto.dataType] ?? proto.dataType}, which Lupine does not read.`,
      'Export the model in float32 or float16.',
    )
  if (proto.dataLocation === TensorProto_DataLocation.EXTERNAL)
    throw fail(
      'input',
      'onnx-external-data',
      `${place}: the weights of "${proto.name}" are in another file.`,
      'Save the model as one file (onnx.save_model(model, path, save_as_external_data=False)).',
    )
  const shape = proto.dims.map(Number)
  const expected = elementCount(shape)
  const size = bytesPerElement[type]!
  const raw = proto.rawData
  if (raw.byteLength > 0 && raw.byteLength !== expected * size)
    throw fail(
      'input',
      'onnx-truncated',
      `${place}: tensor "${proto.name}" should hold ${expected * size} bytes for its shape [${shape.join(', ')}] but holds ${raw.byteLength}.`,
      'The file is damaged; export or copy it again.',
    )
  const data = raw.byteLength > 0 ? view(raw, type) : fromFields(proto, type)
  if (data.length !== expected)
    throw fail(
      'input',
      'onnx-truncated',
      `${place}: tensor "${proto.name}" should hold ${expected} values for its shape [${shape.join(', ')}] but holds ${data.length}.`,
      'The file is damaged; export or copy it again.',
    )
  return type === 'float16' ? { type: 'float32', shape, data } : { type, shape, data }
}

/** INT64_MAX came in as the nearest double, one above the range. */
function toInt64(value: number): bigint {
  if (value >= 2 ** 63) return 2n ** 63n - 1n
  if (value <= -(2 ** 63)) return -(2n ** 63n)
  return BigInt(Math.trunc(value))
}

/** Tensor → TensorProto with raw little-endian data. */
export function writeTensor(tensor: Tensor, name: string): TensorProto {
  let bytes: ArrayBufferView = tensor.data
  if (tensor.type === 'int64') bytes = BigInt64Array.from(tensor.data, toInt64)
  else if (tensor.type === 'uint64') bytes = BigUint64Array.from(tensor.data, (v) => BigInt(Math.trunc(v)))
  return create(TensorProtoSchema, {
    name,
    dataType: codeOf(tensor.type),
    dims: tensor.shape.map(BigInt),
    rawData: new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength),
  })
}
