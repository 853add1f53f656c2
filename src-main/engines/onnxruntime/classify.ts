import type { Network } from '../../core/graph/network'
import { writeOnnx } from '../../formats/onnx/write'
import { batchesOf, type LoadedImages } from './images'
import { createSession, runSession } from './runtime'

/** A classifier's first output for every image, before a final softmax: rows of `width` logits. */
export interface Logits {
  readonly values: Float32Array
  /** Classes. */
  readonly width: number
}

/**
 * Runs a classifier over images.
 * @param network with its outputs taken before a final softmax
 * @param onBatch called after each batch with the number of images done; may throw to cancel
 * @throws LupineError 'onnxruntime-refused'
 */
export async function classify(
  network: Network,
  loaded: LoadedImages,
  threads: number,
  batch = 128,
  onBatch: (done: number) => Promise<void> = () => Promise.resolve(),
): Promise<Logits> {
  const session = await createSession(writeOnnx(network), threads, 'the network')
  const first = network.inputs[0]!.shape?.[0]
  // A network exported for a fixed batch is run at that batch.
  const size = typeof first === 'number' ? first : batch
  try {
    let values = new Float32Array(0)
    let width = 0
    for (const { images, shape, from } of batchesOf(loaded, size)) {
      const [output] = (await runSession(session, images, shape)).values()
      width = output!.data.length / shape[0]!
      if (values.length === 0) values = new Float32Array(loaded.size * width)
      values.set(output!.data, from * width)
      await onBatch(from + shape[0]!)
    }
    return { values, width }
  } finally {
    await session.release()
  }
}
