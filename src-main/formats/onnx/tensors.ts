import { create } from '@bufbuild/protobuf'
import { fail } from '../../core/failure'
import { elementCount, type DataType, type Tensor, type TensorData } from '../../core/graph/network'
import { lazyTensor } from '../../core/graph/tensors'
import type { ExternalReader } from './external'
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
/** Bytes of a tensor in a file. */
export const fileBytes = ({ type, shape }: Tensor): number => elementCount(shape) * bytesPerElement[type]!
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

/** bfloat16 is the upper half of a float32. */
function fromBrain(bits: number): number {
  const view = new DataView(new ArrayBuffer(4))
  view.setUint32(0, bits << 16)
  return view.getFloat32(0)
}

/** Each bit pattern is decoded once: there are only 65,536. */
function decoded(bits: ArrayLike<number>, decode: (bits: number) => number): Float32Array {
  const data = new Float32Array(bits.length)
  const table = bits.length > 1 << 16 ? Float32Array.from({ length: 1 << 16 }, (_, i) => decode(i)) : undefined
  for (let i = 0; i < data.length; i++) data[i] = table ? table[bits[i]! & 0xffff]! : decode(bits[i]! & 0xffff)
  return data
}

/** A typed view of little-endian bytes, without a copy where the alignment allows. */
function view(raw: Uint8Array, type: DataType, decode: (bits: number) => number): TensorData {
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
      return decoded(new Uint16Array(buffer, byteOffset, length), decode)
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
function fromFields(proto: TensorProto, type: DataType, decode: (bits: number) => number): TensorData {
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
      return decoded(proto.int32Data, decode)
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

/** Values in a typed field; 16-bit and smaller types share int32_data, uint32 has uint64_data. */
function fieldLength(proto: TensorProto, type: DataType): number {
  if (type === 'float32') return proto.floatData.length
  if (type === 'float64') return proto.doubleData.length
  if (type === 'int64') return proto.int64Data.length
  return type === 'uint64' || type === 'uint32' ? proto.uint64Data.length : proto.int32Data.length
}

/** Where a tensor is from, for messages and for weights in other files. */
export interface TensorSource {
  /** What the model file is called. */
  readonly place: string
  /** Absent: weights in other files are refused. */
  readonly external?: ExternalReader | undefined
}

const damaged = 'The file is damaged; export or copy it again.'

/**
 * TensorProto → Tensor. Data are decoded when they are first read, where they are float32 in place; until then a tensor
 * costs nothing beyond the file's own bytes. float16 and bfloat16 become float32.
 *
 * @throws LupineError 'onnx-tensor' for an element type Lupine does not hold or an impossible shape,
 *   'onnx-external-data' for weights in another file that cannot be had, 'onnx-truncated' when the data are shorter or
 *   longer than the shape says
 */
export function readTensor(proto: TensorProto, { place, external }: TensorSource): Tensor {
  const refuse = (code: string, what: string, hint: string) =>
    fail('input', code, `${place}: tensor "${proto.name}" ${what}.`, hint)
  const brain = proto.dataType === Number(Code.BFLOAT16)
  const type = brain ? 'float16' : dataTypeOf(proto.dataType)
  if (!type || type === 'string')
    throw refuse(
      'onnx-tensor',
      `has the element type ${Code[proto.dataType] ?? proto.dataType}, which Lupine does not read`,
      'Export the model in float32 or float16.',
    )
  const shape = proto.dims.map(Number)
  const expected = elementCount(shape)
  if (!shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0) || !Number.isSafeInteger(expected))
    throw refuse('onnx-tensor', `has the impossible shape [${shape.join(', ')}]`, damaged)
  const size = bytesPerElement[type]!
  const isExternal = proto.dataLocation === TensorProto_DataLocation.EXTERNAL
  if (isExternal && !external)
    throw fail(
      'input',
      'onnx-external-data',
      `${place}: the weights of "${proto.name}" are in another file.`,
      'Save the model as one file (onnx.save_model(model, path, save_as_external_data=False)).',
    )
  const outside = isExternal ? external!(proto.externalData, proto.name) : undefined
  const raw = outside ?? (proto.rawData.byteLength > 0 ? { length: proto.rawData.byteLength } : undefined)
  const shown = `for its shape [${shape.join(', ')}]`
  if (raw && raw.length !== expected * size)
    throw refuse('onnx-truncated', `should hold ${expected * size} bytes ${shown} but holds ${raw.length}`, damaged)
  if (!raw && fieldLength(proto, type) !== expected)
    throw refuse(
      'onnx-truncated',
      `should hold ${expected} values ${shown} but holds ${fieldLength(proto, type)}`,
      damaged,
    )
  const decode = brain ? fromBrain : fromHalf
  const make = () => (raw ? view(outside?.read() ?? proto.rawData, type, decode) : fromFields(proto, type, decode))
  return lazyTensor(type === 'float16' ? 'float32' : type, shape, make)
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
