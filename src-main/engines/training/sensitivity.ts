import type { Network } from '../../core/graph/network'
import { openLoader, type ImageBatch } from '../../datasets/loading/loader'
import { LoaderThreads } from '../../datasets/loading/threads'
import { splitOf } from '../../datasets/open'
import { createOrder } from '../../datasets/order'
import { saveVectors } from '../../formats/vectors'
import { LAYOUT, placeholderShape } from '../compiler/layout'
import { compileSensitivity } from '../compiler/sensitivity'
import { initialValue } from '../compiler/variables'
import type { SensitivityRequest, SensitivityResult } from '../interface'
import { needLabels, openImages } from '../images'
import type { CallContext } from '../process/handlers'
import { loadNetwork } from './images'
import type { Backend, Session, TensorValue } from './session'

/** A network loaded to be asked how its loss reacts to BN channels; nothing in it changes. */
export class LoadedSensitivity {
  private readonly compiled
  private readonly session: Session

  /** @throws LupineError as compile() */
  constructor(backend: Backend, network: Network) {
    this.compiled = compileSensitivity(network)
    this.session = backend.open(this.compiled.nodes)
    const feeds: Record<string, TensorValue> = {}
    for (const variable of this.compiled.variables)
      feeds[variable.feed] = { shape: variable.graphShape, data: initialValue(this.compiled.network, variable) }
    if (Object.keys(feeds).length) this.session.run(feeds, [this.compiled.initialize])
  }

  /**
   * Loss of one batch and γ·∂L/∂γ + β·∂L/∂β per channel of every BatchNormalization node, signed.
   * @param images in the graph's layout (NHWC)
   */
  batch(images: Float32Array, labels: Int32Array): { loss: number; scores: Map<string, Float32Array> } {
    const { input, labels: labelsRef, loss, scores } = this.compiled
    const nodes = [...scores.keys()]
    const [value, ...rest] = this.session.run(
      {
        [input.ref]: { shape: [labels.length, ...placeholderShape(input.shape).slice(1)], data: images },
        [labelsRef]: { shape: [labels.length], data: labels },
      },
      [loss, ...scores.values()],
    )
    return { loss: value.data[0], scores: new Map(nodes.map((node, i) => [node, rest[i].data as Float32Array])) }
  }

  close(): void {
    this.session.close()
  }
}

/**
 * Taylor evidence: per BatchNormalization node and channel the mean over batches of |γ·∂L/∂γ + β·∂L/∂β|. The absolute
 * value is taken per batch: over a whole set the signed gradients of a trained network cancel to nothing.
 * @throws LupineError of the model or the data set; 'engine-op-unsupported'; 'input-shape'; 'interrupted'
 */
export async function measureSensitivity(
  backend: Backend,
  request: SensitivityRequest,
  context: CallContext<{ done: number; total: number }>,
): Promise<SensitivityResult> {
  const network = await loadNetwork(request.model)
  const dataset = await openImages(network, request.data.address, request.model, context.signal)
  needLabels(dataset, 'the Taylor criterion')
  const split = splitOf(dataset, 'train')
  const order = createOrder(split.size, {
    batch: request.batch,
    seed: request.seed,
    shuffle: true,
    limit: request.images,
    // Gradients of a short batch scatter more and would count as much.
    dropLast: Math.min(request.images, split.size) >= request.batch,
  })
  const model = new LoadedSensitivity(backend, network)
  const threads = new LoaderThreads()
  try {
    const { normalization } = request.data
    const loader = openLoader(threads, split, { normalization, layout: LAYOUT, replace: true })
    const { sums, loss } = await overBatches(
      model,
      loader.batches(order.epoch(1), 1),
      order.batches,
      context,
      request.aggregate,
    )
    const means = new Map([...sums].map(([node, sum]) => [node, sum.map((total) => total / order.batches)]))
    await saveVectors(request.out, means)
    return { loss: loss / order.batches, batches: order.batches }
  } finally {
    model.close()
    await threads.close()
  }
}

async function overBatches(
  model: LoadedSensitivity,
  batches: AsyncIterable<ImageBatch>,
  total: number,
  context: CallContext<{ done: number; total: number }>,
  aggregate: SensitivityRequest['aggregate'] = 'absolute',
): Promise<{ sums: Map<string, Float64Array>; loss: number }> {
  const sums = new Map<string, Float64Array>()
  let loss = 0
  let done = 0
  for await (const batch of batches) {
    const result = model.batch(batch.images, batch.labels)
    loss += result.loss
    for (const [node, scores] of result.scores) {
      const sum = sums.get(node) ?? new Float64Array(scores.length)
      sums.set(node, sum)
      scores.forEach((score, channel) => (sum[channel] += aggregate === 'squared' ? score * score : Math.abs(score)))
    }
    context.progress({ done: ++done, total })
    await context.breathe()
  }
  return { sums, loss }
}
