import type { DataSource } from '../datasets/dataset'
import type { JobContext } from '../runs/job'
import { withOnnxruntime } from './onnxruntime'

/** An open scorer holds some: nothing is scored here. */
const fewestScored = 64

/**
 * Re-estimates the BN statistics of a pruned network's file, in place.
 * @param working path of the network it was pruned from
 * @param images of the training split
 * @throws LupineError of the model and the data
 */
export const recalibrateFile = (
  model: string,
  { working, data, images }: { readonly working: string; readonly data: DataSource; readonly images: number },
  job: JobContext,
): Promise<void> =>
  withOnnxruntime(async (ort) => {
    const sizes = { fitnessImages: fewestScored, recalibrationImages: images, threads: 0 }
    await ort.call('openScorer', { model: working, data, ...sizes })
    await ort.call('recalibrate', { model, out: model })
  }, job)
