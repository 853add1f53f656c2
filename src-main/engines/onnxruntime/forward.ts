import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadOnnx } from '../../formats/onnx/files'
import { writeOnnx } from '../../formats/onnx/write'
import type { ForwardRequest, ForwardResult } from '../interface'
import { createSession, runSession } from './runtime'

/** Raw outputs of a model for one float32 input file. @throws LupineError of the model */
export async function forwardModel(request: ForwardRequest): Promise<ForwardResult> {
  let network = await loadOnnx(request.model)
  if (request.outputs)
    network = { ...network, outputs: request.outputs.map((name) => ({ name, type: 'float32', shape: undefined })) }
  const bytes = await readFile(request.input)
  const input = new Float32Array(new Uint8Array(bytes).buffer)
  const session = await createSession(writeOnnx(network), 0, request.place ?? request.model)
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
