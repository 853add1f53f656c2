import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { fail } from '../../core/failure'
import { beforeFinalActivation } from '../../core/graph/outputs'
import { splitOf } from '../../datasets/open'
import { loadOnnx, saveOnnx } from '../../formats/onnx/files'
import { openImages } from '../images'
import type { Handlers } from '../process/handlers'
import { measureChannels } from './channels'
import { evaluateModel } from './evaluate'
import { forwardModel } from './forward'
import { holdImages, type Batch } from './images'
import { profileLayers } from './layers'
import { measureModels } from './measure'
import type { OnnxruntimeMethods } from './methods'
import { detectNormalization } from './normalization'
import { previewData } from './preview'
import { runtimeVersion } from './runtime'
import { Scorer } from './scorer'

let scorer: Scorer | undefined

/** @throws LupineError 'scorer-closed' */
function opened(): Scorer {
  if (!scorer)
    throw fail('work', 'scorer-closed', 'No network is open for scoring.', 'This is a defect in Lupine; report it.')
  return scorer
}

/** What the onnxruntime process answers. */
export const handlers: Handlers<OnnxruntimeMethods> = {
  describe: () =>
    Promise.resolve({
      ...{ engine: 'onnxruntime', version: runtimeVersion, device: 'cpu', threads: availableParallelism() },
      precisions: [],
    }),
  forward: (request) => forwardModel(request),
  evaluate: (request, context) =>
    evaluateModel(
      request,
      (progress) => context.progress(progress),
      () => context.breathe(),
    ),
  measure: (request, context) =>
    measureModels(request, async (done) => {
      context.progress({ done, total: request.rounds })
      // Not breathe(): this is the process that measures.
      await new Promise((resolve) => setImmediate(resolve))
      context.signal.throwIfAborted()
    }),
  async describeData({ model, data }) {
    const { classes } = await openImages(beforeFinalActivation(await loadOnnx(model)), data, model)
    return { classes: classes.length }
  },
  previewData: (request) => previewData(request),
  detectNormalization: ({ model, data }) => detectNormalization(model, data),
  channels: (request, context) =>
    measureChannels(request, async (done, total) => {
      context.progress({ done, total })
      await context.breathe()
    }),
  async writeImages({ model, data, split, limit, out }) {
    const dataset = await openImages(await loadOnnx(model), data.address, model)
    const loaded = await holdImages(splitOf(dataset, split), data.normalization, limit)
    const [{ images, shape }] = [...loaded.batches(loaded.size)] as [Batch]
    await writeFile(out, new Uint8Array(images.buffer, images.byteOffset, images.byteLength))
    return { shape }
  },
  layers: (request) => profileLayers(request),
  async openScorer(request) {
    scorer = await Scorer.create(request)
    return scorer.describe()
  },
  async score({ widths, race }, context) {
    await context.breathe()
    return opened().score(widths, race)
  },
  scoreModel: async ({ model }) => opened().scoreNetwork(beforeFinalActivation(await loadOnnx(model))),
  async recalibrate({ model, out }) {
    await saveOnnx(out, await opened().recalibrated(await loadOnnx(model)))
    return {}
  },
}
