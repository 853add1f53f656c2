import { tf, type Tensor, type Tensor1D, type Tensor4D } from '../tfjs'
import { boolOf, intOf, intsOf, isTensor, type Kernel } from './kernel'

const pairs = (flat: readonly number[]): [number, number][] =>
  Array.from({ length: flat.length / 2 }, (_, axis) => [flat[2 * axis], flat[2 * axis + 1]])

/** The strided box of a StridedSlice node, with whole axes (begin and end masks) written out. */
function box(node: Parameters<Kernel>[1], begin: number[], end: number[], shape: readonly number[]) {
  const masked = intOf(node, 'begin_mask')
  const whole = (axis: number) => (masked >> axis) & 1
  return {
    begin: begin.map((value, axis) => (whole(axis) ? 0 : value)),
    end: end.map((value, axis) => (whole(axis) ? shape[axis] : value)),
  }
}

const stridedSlice: Kernel = (inputs, node) => {
  const x = inputs.tensor(0)
  const { begin, end } = box(node, inputs.integers(1), inputs.integers(2), x.shape)
  return tf.stridedSlice(x, begin, end, inputs.integers(3))
}

/** Zeros between and around: one axis at a time, by padding each element and cutting the surplus. */
const stridedSliceGrad: Kernel = (inputs, node) => {
  const shape = inputs.integers(0)
  const { begin } = box(node, inputs.integers(1), inputs.integers(2), shape)
  const strides = inputs.integers(3)
  let y = inputs.tensor(4)
  for (const [axis, stride] of strides.entries()) {
    const size = y.shape[axis]
    if (stride > 1) {
      const [outer, inner] = [y.shape.slice(0, axis + 1), y.shape.slice(axis + 1)]
      const lone = tf.reshape(y, [volume(outer), 1, volume(inner)])
      const spread = tf.pad(lone, pairs([0, 0, 0, stride - 1, 0, 0]))
      y = tf.reshape(spread, [...outer.slice(0, -1), size * stride, ...inner])
    }
    const used = (size - 1) * stride + 1
    const table = y.shape.map((): [number, number] => [0, 0])
    y = tf.slice(y, zeros(y.shape.length), y.shape.with(axis, used))
    table[axis] = [begin[axis], shape[axis] - begin[axis] - used]
    if (table[axis].some((count) => count > 0)) y = tf.pad(y, table)
  }
  return tf.clone(y)
}

const volume = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1)
const zeros = (rank: number): number[] => new Array<number>(rank).fill(0)

const reduce =
  (how: (x: Tensor, axes: number[], keep: boolean) => Tensor): Kernel =>
  (inputs, node) =>
    how(inputs.tensor(0), inputs.integers(1), boolOf(node, 'keep_dims'))

/** Axis by axis: the kernels add up in one float, whose rounding shows over the half million pixels of an image. */
const inTurn =
  (how: (x: Tensor, axis: number) => Tensor) =>
  (x: Tensor, axes: number[], keep: boolean): Tensor => {
    const kept = axes.toSorted((a, b) => b - a).reduce(how, x)
    return keep ? tf.clone(kept) : tf.squeeze(kept, axes)
  }

/** Indices are known (integers), or computed. */
const gather: Kernel = (inputs) => {
  const given = inputs.value(1)
  const indices = isTensor(given) ? given : tf.tensor1d(inputs.integers(1), 'int32')
  return tf.gather(inputs.tensor(0), indices as Tensor1D, inputs.integers(2)[0])
}

/** Pooling attributes as the backend's kernels take them. */
const pool = (node: Parameters<Kernel>[1]) => ({
  filterSize: intsOf(node, 'ksize').slice(1, 3) as [number, number],
  strides: intsOf(node, 'strides').slice(1, 3) as [number, number],
  pad: 'valid' as const,
})

/** In JavaScript: the backend's own kernel is wrong where all values of a window are negative. */
const maxPoolGrad: Kernel = (inputs, node) => {
  const [x, y, dy] = [0, 1, 2].map((index) => inputs.tensor<Tensor4D>(index))
  const { filterSize, strides } = pool(node)
  const [, height, width, channels] = x.shape
  const [batch, rows, columns] = y.shape
  const [values, peaks, gradients] = [x, y, dy].map((tensor) => tensor.dataSync())
  const dx = new Float32Array(values.length)
  let out = 0
  for (let n = 0; n < batch; n++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        for (let c = 0; c < channels; c++, out++) {
          const from = ((n * height + row * strides[0]) * width + column * strides[1]) * channels + c
          let at = from
          // The first of equals takes it, as in TensorFlow.
          for (let i = 0; i < filterSize[0] * filterSize[1]; i++) {
            at = from + (Math.floor(i / filterSize[1]) * width + (i % filterSize[1])) * channels
            if (values[at] === peaks[out]) break
          }
          dx[at] += gradients[out]
        }
  return tf.tensor(dx, x.shape)
}

export const shapingKernels: Record<string, Kernel> = {
  Reshape: (inputs) => tf.reshape(inputs.tensor(0), inputs.integers(1)),
  Transpose: (inputs) => tf.transpose(inputs.tensor(0), inputs.integers(1)),
  ConcatV2: (inputs) => {
    const last = inputs.count - 1
    return tf.concat(inputs.tensors().slice(0, last), inputs.integers(last)[0])
  },
  Slice: (inputs) => tf.slice(inputs.tensor(0), inputs.integers(1), inputs.integers(2)),
  StridedSlice: stridedSlice,
  StridedSliceGrad: stridedSliceGrad,
  Pad: (inputs) => tf.pad(inputs.tensor(0), pairs(inputs.integers(1))),
  PadV2: (inputs) => tf.pad(inputs.tensor(0), pairs(inputs.integers(1)), inputs.tensor(2).dataSync()[0]),
  Mean: reduce(inTurn((x, axis) => tf.mean(x, axis, true))),
  Sum: reduce(inTurn((x, axis) => tf.sum(x, axis, true))),
  Max: reduce((x, axes, keep) => tf.max(x, axes, keep)),
  Min: reduce((x, axes, keep) => tf.min(x, axes, keep)),
  Prod: reduce((x, axes, keep) => tf.prod(x, axes, keep)),
  ArgMax: (inputs) => tf.argMax(inputs.tensor(0), inputs.integers(1)[0]),
  ArgMin: (inputs) => tf.argMin(inputs.tensor(0), inputs.integers(1)[0]),
  ExpandDims: (inputs) => tf.expandDims(inputs.tensor(0), inputs.integers(1)[0]),
  Tile: (inputs) => tf.tile(inputs.tensor(0), inputs.integers(1)),
  GatherV2: gather,

  MaxPool: (inputs, node) => {
    const { filterSize, strides, pad } = pool(node)
    return tf.maxPool(inputs.tensor<Tensor4D>(0), filterSize, strides, pad)
  },
  MaxPoolGrad: maxPoolGrad,
  AvgPool: (inputs, node) => {
    const { filterSize, strides, pad } = pool(node)
    return tf.avgPool(inputs.tensor<Tensor4D>(0), filterSize, strides, pad)
  },
  AvgPoolGrad: (inputs, node) => {
    // The kernel reads of its input nothing but the shape.
    const input = tf.zeros(inputs.integers(0))
    return tf.engine().runKernel('AvgPoolGrad', { dy: inputs.tensor(1), input }, { ...pool(node) }) as Tensor
  },
}
