import { fixedBatch, withOpenBatch } from '../../core/graph/batch'
import { withoutDeadParts } from '../../core/graph/clean'
import type { Network, NetworkNode, ValueInfo } from '../../core/graph/network'
import { inferShapes } from '../../core/graph/shapes'
import type { DataSource } from '../../datasets/dataset'
import { LoaderThreads } from '../../datasets/loading/threads'
import { splitOf } from '../../datasets/open'
import { loadOnnx } from '../../formats/onnx/files'
import { writeOnnx } from '../../formats/onnx/write'
import { saveVectors, varianceOf } from '../../formats/vectors'
import { openImages } from '../images'
import { streamImages } from './images'
import { createSession, runSession } from './runtime'

/** A tensor of a network, and the axis its channels lie on. */
export interface ChannelTensor {
  readonly tensor: string
  readonly axis: number
}

export interface ChannelsRequest {
  /** Path of a cleaned network. */
  readonly model: string
  readonly data: DataSource
  /** Training images looked at. */
  readonly images: number
  readonly tensors: readonly ChannelTensor[]
  /** `absolute`: mean |x| per channel; `moments`: mean and (biased) variance. */
  readonly figure: 'absolute' | 'moments'
  /** Receives named vectors: tensor → mean |x|, or tensor → mean and `${tensor}#variance` → variance. */
  readonly out: string
}

/** Moments of a set of values: how many, their mean, their (biased) variance; one entry per channel. */
export interface Moments {
  readonly count: number
  readonly mean: Float64Array
  readonly variance: Float64Array
}

/** Moments of the union of two sets (Chan, Golub, LeVeque 1983): no large sums whose difference is small. */
export function joinMoments(a: Moments | undefined, b: Moments): Moments {
  if (!a) return b
  const count = a.count + b.count
  const share = b.count / count
  const mean = a.mean.map((mean, c) => mean + (b.mean[c]! - mean) * share)
  const variance = a.variance.map((v, c) => {
    const apart = b.mean[c]! - a.mean[c]!
    return v + (b.variance[c]! - v) * share + apart * apart * share * (1 - share)
  })
  return { count, mean, variance }
}

/**
 * Figures per channel over calibration images, as a stream: the reductions are nodes of the graph that onnxruntime
 * runs, so that only one value per channel leaves it and no activation is kept longer than its readers need it.
 * @throws LupineError of the model or the data set; 'figures-not-finite'; 'interrupted'
 */
export async function measureChannels(
  request: ChannelsRequest,
  onBatch: (done: number, total: number) => Promise<void> = () => Promise.resolve(),
): Promise<{ images: number }> {
  const network = withOpenBatch(await loadOnnx(request.model))
  const dataset = await openImages(network, request.data.address, request.model)
  const fixed = fixedBatch(network)
  const size = fixed ?? 64
  // A network of a fixed batch takes whole batches only.
  const images = fixed === undefined ? request.images : Math.max(1, Math.floor(request.images / size)) * size
  const reduced = withReductions(network, request.tensors, request.figure)
  const session = await createSession(writeOnnx(reduced), 0, request.model)
  const moments = new Map<string, Moments>()
  const threads = new LoaderThreads()
  let done = 0
  try {
    const loaded = streamImages(threads, splitOf(dataset, 'train'), request.data.normalization, images)
    for await (const batch of loaded.batches(size)) {
      const outputs = await runSession(session, batch.images, batch.shape)
      for (const { tensor } of request.tensors) {
        const mean = Float64Array.from(outputs.get(meanName(tensor))!.data)
        const variance = Float64Array.from(outputs.get(spreadName(tensor))?.data ?? mean.map(() => 0))
        moments.set(tensor, joinMoments(moments.get(tensor), { count: batch.size, mean, variance }))
      }
      done += batch.size
      await onBatch(done, loaded.size)
    }
  } finally {
    await threads.close()
    await session.release()
  }
  const vectors = new Map<string, Float64Array>()
  for (const [tensor, { mean, variance }] of moments) {
    vectors.set(tensor, mean)
    if (request.figure === 'moments') vectors.set(varianceOf(tensor), variance)
  }
  await saveVectors(request.out, vectors)
  return { images: done }
}

const meanName = (tensor: string): string => `${tensor}#channel_mean`
const spreadName = (tensor: string): string => `${tensor}#channel_variance`

/** The network with, instead of its outputs, the figures of some of its tensors: one value per channel each. */
function withReductions(
  network: Network,
  tensors: readonly ChannelTensor[],
  figure: ChannelsRequest['figure'],
): Network {
  const shapes = inferShapes(network)
  const nodes = [...network.nodes]
  const initializers = new Map(network.initializers)
  const outputs: ValueInfo[] = []
  const add = (op: string, inputs: string[], output: string, attributes: NetworkNode['attributes'] = {}): string => {
    nodes.push({ name: output, op, domain: '', inputs, outputs: [output], attributes })
    return output
  }
  for (const { tensor, axis } of tensors) {
    const rank = shapes.get(tensor)!.length
    const axes = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis)
    const reduce = (input: string, output: string, keepdims: number): string => {
      if (network.opset < 18) return add('ReduceMean', [input], output, { axes, keepdims })
      const name = `${output}/axes`
      initializers.set(name, { type: 'int64', shape: [axes.length], data: Float64Array.from(axes) })
      return add('ReduceMean', [input, name], output, { keepdims })
    }
    const value = figure === 'absolute' ? add('Abs', [tensor], `${tensor}#absolute`) : tensor
    outputs.push({ name: reduce(value, meanName(tensor), 0), type: 'float32', shape: undefined })
    if (figure === 'absolute') continue
    const mean = reduce(tensor, `${tensor}#centre`, 1)
    const centred = add('Sub', [tensor, mean], `${tensor}#centred`)
    const square = add('Mul', [centred, centred], `${tensor}#square`)
    outputs.push({ name: reduce(square, spreadName(tensor), 0), type: 'float32', shape: undefined })
  }
  return withoutDeadParts({ ...network, nodes, initializers, outputs })
}
