import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadOnnx, readModelBytes } from '../../formats/onnx/files'
import { withOutputs } from '../../formats/onnx/half'
import { writeOnnx } from '../../formats/onnx/write'
import type { ForwardRequest, ForwardResult } from '../interface'
import { createSession, runSession } from './runtime'

/** Half precision as float32, as everywhere else in Lupine. */
async function single({ model, outputs }: ForwardRequest): Promise<Uint8Array> {
  const network = await loadOnnx(model)
  if (!outputs) return writeOnnx(network)
  return writeOnnx({ ...network, outputs: outputs.map((name) => ({ name, type: 'float32', shape: undefined })) })
}

async function original({ model, outputs }: ForwardRequest): Promise<Uint8Array> {
  const bytes = await readModelBytes(model)
  return outputs ? withOutputs(bytes, outputs) : bytes
}

/** Raw outputs of a model for one float32 input file. @throws LupineError of the model */
export async function forwardModel(request: ForwardRequest): Promise<ForwardResult> {
  const model = request.asExported ? await original(request) : await single(request)
  const bytes = await readFile(request.input)
  const input = new Float32Array(new Uint8Array(bytes).buffer)
  const session = await createSession(model, 0, request.place ?? request.model)
  try {
    const outputs: ForwardResult['outputs'][number][] = []
    for (const [name, { data, shape }] of await runSession(session, input, request.shape)) {
      const file = join(request.into, `output-${outputs.length}.f32`)
      await writeFile(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
      outputs.push({ name, shape: [...shape], file })
    }
    return { outputs }
  } finally {
    await session.release()
  }
}
