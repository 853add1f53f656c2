import { fixedBatch, withOpenBatch } from '../../core/graph/batch'
import type { Network } from '../../core/graph/network'
import { writeOnnx } from '../../formats/onnx/write'
import type { Batch, Images } from './images'
import { createSession, runSession } from './runtime'

/** A classifier's first output for every image, before a final softmax: rows of `width` logits. */
export interface Logits {
  readonly values: Float32Array
  /** Classes. */
  readonly width: number
  /** Class indices of the images, in the same order. */
  readonly labels: Int32Array
}

/**
 * Runs a classifier over images.
 * @param network with its outputs taken before a final softmax
 * @param onBatch called after each batch with the number of images done; may throw to cancel
 * @throws LupineError 'onnxruntime-refused'
 */
export async function classify(
  network: Network,
  images: Images,
  threads: number,
  batch = 128,
  onBatch: (done: number) => Promise<void> = () => Promise.resolve(),
): Promise<Logits> {
  const open = withOpenBatch(network)
  const session = await createSession(writeOnnx(open), threads, 'the network')
  // A network that cannot be freed of the batch it was exported for is run at that one.
  const fixed = fixedBatch(open)
  const size = fixed ?? batch
  try {
    let values = new Float32Array(0)
    const labels = new Int32Array(images.size)
    let width = 0
    let done = 0
    for await (const batch of images.batches(size)) {
      const whole = fixed === undefined ? batch : filledUp(batch, fixed)
      const [output] = (await runSession(session, whole.images, whole.shape)).values()
      width = output!.data.length / whole.shape[0]!
      if (values.length === 0) values = new Float32Array(images.size * width)
      values.set(output!.data.subarray(0, batch.size * width), done * width)
      labels.set(batch.labels, done)
      done += batch.size
      await onBatch(done)
    }
    return { values: values.subarray(0, done * width), width, labels: labels.subarray(0, done) }
  } finally {
    await session.release()
  }
}

/** A short batch with zeros behind it, for a network that takes whole ones only. */
function filledUp(batch: Batch, size: number): Pick<Batch, 'images' | 'shape'> {
  if (batch.size === size) return batch
  const images = new Float32Array((batch.images.length / batch.size) * size)
  images.set(batch.images)
  return { images, shape: [size, ...batch.shape.slice(1)] }
}
