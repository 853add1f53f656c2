import type { z } from 'zod'
import type { CallResult } from '../contract'
import type { previewData } from '../contract/data'
import { withOnnxruntime } from './onnxruntime'

/**
 * `data DATA`: classes, sizes, balance and some images. Read in a process of its own, as pictures come from anywhere.
 * @throws LupineError of the data set, of the model
 */
export const previewDataset = (request: z.output<typeof previewData.request>): Promise<CallResult<'data.preview'>> =>
  withOnnxruntime((ort) => ort.call('previewData', request))
