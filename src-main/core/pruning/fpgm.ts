import { elementCount, type Tensor } from '../graph/network'

/**
 * Sum of Euclidean distances from each filter to all others of its layer: the filter nearest to the geometric median
 * has the smallest (He et al., "Filter Pruning via Geometric Median", CVPR 2019). `axis` is the filters' axis.
 */
export function geometricMedianDistances(tensor: Tensor, axis: number): Float64Array {
  const count = tensor.shape[axis]!
  const inner = elementCount(tensor.shape.slice(axis + 1))
  const length = tensor.data.length / count
  const filters = Array.from({ length: count }, (_, index) => {
    const filter = new Float32Array(length)
    for (let outer = 0; outer < length / inner; outer++)
      for (let i = 0; i < inner; i++)
        filter[outer * inner + i] = Number(tensor.data[(outer * count + index) * inner + i])
    return filter
  })
  const sums = new Float64Array(count)
  for (let a = 0; a < count; a++)
    for (let b = a + 1; b < count; b++) {
      const x = filters[a]!
      const y = filters[b]!
      let square = 0
      for (let i = 0; i < length; i++) square += (x[i]! - y[i]!) ** 2
      sums[a]! += Math.sqrt(square)
      sums[b]! += Math.sqrt(square)
    }
  return sums
}
