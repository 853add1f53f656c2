import { elementCount, type DataType, type Tensor, type TensorData } from './network'

type DataConstructor = { new (length: number): TensorData; readonly BYTES_PER_ELEMENT: number }

/** How each element type is held in memory (see TensorData). */
const held: Readonly<Record<DataType, DataConstructor>> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Float32Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: Float64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: Float64Array,
  bool: Uint8Array,
  string: Uint8Array,
}

/** Zeros of the type in which elements of `type` are held. */
export const newData = (type: DataType, length: number): TensorData => new held[type](length)

/** Bytes of a tensor's data in memory, without touching them. */
export const byteLength = ({ type, shape }: Tensor): number => elementCount(shape) * held[type].BYTES_PER_ELEMENT

/**
 * A tensor whose data are made when they are first read, and kept. `inspect` never reads weights, so it neither decodes
 * nor copies them.
 */
export function lazyTensor(type: DataType, shape: readonly number[], make: () => TensorData): Tensor {
  const tensor = { type, shape }
  Object.defineProperty(tensor, 'data', {
    enumerable: true,
    configurable: true,
    get() {
      const data = make()
      Object.defineProperty(tensor, 'data', { value: data, enumerable: true })
      return data
    },
  })
  return tensor as Tensor
}

export const tensorOf = (type: DataType, shape: readonly number[], values: readonly number[]): Tensor => {
  const data = newData(type, values.length)
  data.set(values)
  return { type, shape, data }
}

/** Row-major strides. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = stride
    stride *= shape[d]!
  }
  return strides
}

/** A copy (made when first read) of the elements of `x` at offset + Σ index·stride: transposed, sliced or repeated. */
export function strided(x: Tensor, shape: readonly number[], strides: readonly number[], offset = 0): Tensor {
  return lazyTensor(x.type, shape, () => gatherStrided(x, shape, strides, offset))
}

function gatherStrided(x: Tensor, shape: readonly number[], strides: readonly number[], offset: number): TensorData {
  const size = elementCount(shape)
  const from = x.data
  const to = newData(x.type, size)
  const index = new Array<number>(shape.length).fill(0)
  let at = offset
  for (let i = 0; i < size; i++) {
    to[i] = from[at]!
    for (let d = shape.length - 1; d >= 0; d--) {
      at += strides[d]!
      if (++index[d]! < shape[d]!) break
      at -= strides[d]! * shape[d]!
      index[d] = 0
    }
  }
  return to
}

/** The same data under another shape of the same volume. */
export const reshaped = (x: Tensor, shape: readonly number[]): Tensor => lazyTensor(x.type, shape, () => x.data)

/** @param perm output axis → input axis */
export function transposed(x: Tensor, perm: readonly number[]): Tensor {
  const strides = stridesOf(x.shape)
  return strided(
    x,
    perm.map((axis) => x.shape[axis]!),
    perm.map((axis) => strides[axis]!),
  )
}

/** `x` repeated to `shape` by numpy's rules; undefined where it does not fit. */
export function broadcastTo(x: Tensor, shape: readonly number[]): Tensor | undefined {
  const lead = shape.length - x.shape.length
  if (lead < 0) return undefined
  const own = stridesOf(x.shape)
  const strides = shape.map((dim, i) => {
    const size = x.shape[i - lead] ?? 1
    return size === 1 ? 0 : size === dim ? own[i - lead]! : NaN
  })
  return strides.some(Number.isNaN) ? undefined : strided(x, shape, strides)
}

/** Shape of a numpy broadcast of numbers; undefined where they do not fit. */
export function broadcastShape(shapes: readonly (readonly number[])[]): number[] | undefined {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length))
  const result = Array.from({ length: rank }, (_, i) => {
    const dims = shapes.map((shape) => shape[i - rank + shape.length] ?? 1).filter((dim) => dim !== 1)
    return dims.every((dim) => dim === dims[0]) ? (dims[0] ?? 1) : NaN
  })
  return result.some(Number.isNaN) ? undefined : result
}

/** Tensors joined along an axis. */
export function concatenated(parts: readonly Tensor[], axis: number): Tensor {
  const first = parts[0]!
  const inner = parts.map((part) => elementCount(part.shape.slice(axis)))
  const outer = elementCount(first.shape.slice(0, axis))
  const length = parts.reduce((sum, part) => sum + part.shape[axis]!, 0)
  const shape = first.shape.map((dim, i) => (i === axis ? length : dim))
  return lazyTensor(first.type, shape, () => {
    const to = newData(first.type, elementCount(shape))
    let at = 0
    for (let o = 0; o < outer; o++)
      parts.forEach((part, i) => {
        to.set(part.data.subarray(o * inner[i]!, (o + 1) * inner[i]!) as Float32Array, at)
        at += inner[i]!
      })
    return to
  })
}

/** Element by element, broadcasting. @returns undefined where the shapes do not fit */
export function elementwise(
  type: DataType,
  inputs: readonly Tensor[],
  apply: (...values: number[]) => number,
): Tensor | undefined {
  const shape = broadcastShape(inputs.map((input) => input.shape))
  const operands = shape && inputs.map((input) => (sameDims(input.shape, shape) ? input : broadcastTo(input, shape)))
  if (!shape || !operands?.every((operand) => operand !== undefined)) return undefined
  return lazyTensor(type, shape, () => {
    const data = newData(type, elementCount(shape))
    const sources = operands.map((operand) => operand.data)
    if (sources.length === 2)
      for (let i = 0; i < data.length; i++) data[i] = apply(Number(sources[0]![i]), Number(sources[1]![i]))
    else for (let i = 0; i < data.length; i++) data[i] = apply(...sources.map((source) => Number(source[i])))
    return data
  })
}

export const sameDims = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((dim, i) => dim === b[i])
