import type { CallRequest, CallResult } from '../contract'
import { cleanNetwork } from '../core/graph/clean'
import { opRow } from '../core/graph/ops'
import { beforeFinalActivation } from '../core/graph/outputs'
import { loadOnnx } from '../formats/onnx/files'
import { compareNetworks } from './compare'
import { chooseEngine } from './engine-choice'
import { withOnnxruntime } from './onnxruntime'

const samples = 8

/**
 * `check MODEL`: our engine's forward pass against onnxruntime on the file as given.
 * @throws LupineError of the model, 'engine-op-unsupported', 'onnxruntime-refused'
 */
export async function checkModel(request: CallRequest<'model.check'>): Promise<CallResult<'model.check'>> {
  const given = beforeFinalActivation(await loadOnnx(request.model))
  const network = cleanNetwork(given)
  const fixed = network.inputs[0]?.shape?.[0]
  const batch = typeof fixed === 'number' ? fixed : samples
  const shape = (network.inputs[0]?.shape ?? []).map((dim, i) => (typeof dim === 'number' ? dim : i === 0 ? batch : 32))
  const opaque = network.nodes.filter((node) => !opRow(node)).length
  const engine = await chooseEngine(request.engine)
  try {
    const difference = await withOnnxruntime((ort) =>
      compareNetworks({ network: given, run: ort }, { network, run: engine.handle }, shape),
    )
    const { maxAbsDiff, outputRange } = difference
    return {
      engine: engine.about.engine,
      nodes: { run: network.nodes.length - opaque, opaque },
      maxAbsDiff,
      outputRange,
      maxRelDiff: maxAbsDiff / outputRange,
      samples: batch,
    }
  } finally {
    await engine.handle.stop()
  }
}
