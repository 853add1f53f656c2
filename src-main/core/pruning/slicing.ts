import { elementCount, type Tensor, type TensorData } from '../graph/network'

/** `tensor` with only `indices` of `axis`. */
export function takeAlong(tensor: Tensor, axis: number, indices: readonly number[]): Tensor {
  const inner = elementCount(tensor.shape.slice(axis + 1))
  const outer = elementCount(tensor.shape.slice(0, axis))
  const size = tensor.shape[axis]!
  const from = tensor.data
  const Data = from.constructor as new (length: number) => TensorData
  const data = new Data(outer * indices.length * inner)
  let to = 0
  for (let o = 0; o < outer; o++)
    for (const index of indices) {
      const start = (o * size + index) * inner
      if (inner === 1) data[to] = from[start]!
      else data.set(from.subarray(start, start + inner) as Float32Array, to)
      to += inner
    }
  return { type: tensor.type, shape: tensor.shape.map((dim, i) => (i === axis ? indices.length : dim)), data }
}

/**
 * A grouped convolution's weight [M, C/parts, k…], or [C, M/parts, k…] transposed: the rows of group p keep
 * `perPart[p]` of axis 1. All parts keep equally many.
 */
export function takePerPart(tensor: Tensor, perPart: readonly (readonly number[])[]): Tensor {
  const rows = tensor.shape[0]! / perPart.length
  const pieces = perPart.map((indices, part) => {
    const range = Array.from({ length: rows }, (_, i) => part * rows + i)
    return takeAlong(takeAlong(tensor, 0, range), 1, indices)
  })
  const first = pieces[0]!
  const Data = first.data.constructor as new (length: number) => TensorData
  const data = new Data(first.data.length * pieces.length)
  pieces.forEach((piece, i) => data.set(piece.data as Float32Array, i * first.data.length))
  return { ...first, shape: [first.shape[0]! * pieces.length, ...first.shape.slice(1)], data }
}
