import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fail } from '../../core/failure'
import { elementCount } from '../../core/graph/network'
import { toNchw, toNhwc, toOnnxOrder } from '../compiler/layout'
import type { ForwardRequest, ForwardResult } from '../interface'
import { loadNetwork } from './images'
import { LoadedModel } from './model'
import type { Backend } from './session'

/**
 * Outputs of a model for one file of float32 input, each as a raw file in ONNX order.
 * @throws LupineError of the model; 'engine-op-unsupported'; input 'input-shape' when the file does not fit the shape
 */
export async function forwardModel(backend: Backend, request: ForwardRequest): Promise<ForwardResult> {
  const network = await loadNetwork(request.model)
  const bytes = new Uint8Array(await readFile(request.input))
  if (bytes.byteLength !== elementCount(request.shape) * 4)
    throw fail(
      'input',
      'input-shape',
      `${request.input} holds ${bytes.byteLength} bytes; [${request.shape.join(', ')}] needs ${elementCount(request.shape) * 4}.`,
      'This is a defect in Lupine; report it.',
    )
  const { outputs: asked, shape: inputShape, partial } = request
  const model = new LoadedModel(backend, network, { outputs: asked, inputShape, partial })
  try {
    const images = toNhwc(new Float32Array(bytes.buffer), request.shape)
    const values = model.outputs(images, request.shape[0])
    const { outputs: made, opaque, nodesRun } = model.compiled
    const wanted = new Set(asked ?? network.outputs.map((output) => output.name))
    const outputs: ForwardResult['outputs'][number][] = []
    for (const [i, { tensor }] of made.entries()) {
      if (!partial && !wanted.has(tensor)) continue
      const { shape, data } = values[i]
      const ordered = toOnnxOrder(shape)
      const file = join(request.into, `output-${outputs.length}.f32`)
      const floats = toNchw(data as Float32Array, ordered)
      await writeFile(file, new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength))
      outputs.push({ name: tensor, shape: ordered, file })
    }
    const reasons = opaque.map(({ node: { name, op }, why }) => ({ name, op, why }))
    return { outputs, nodes: { run: nodesRun, opaque: reasons } }
  } finally {
    model.close()
  }
}
