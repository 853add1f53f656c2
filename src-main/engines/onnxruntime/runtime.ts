// Must be set before the library loads: its Linux build reports to its maker otherwise.
process.env['ORT_DISABLE_TELEMETRY'] = '1'
import { createRequire } from 'node:module'
import type * as Ort from 'onnxruntime-node'
import { fail } from '../../core/failure'
import { toHalf } from '../../formats/onnx/half'
import { fromHalf } from '../../formats/onnx/tensors'

// Loaded by require, after the line above: an import would be hoisted before it.
const ort = createRequire(import.meta.url)('onnxruntime-node') as typeof Ort

export type Session = Ort.InferenceSession
export type SessionOptions = Ort.InferenceSession.SessionOptions

export const runtimeVersion: string = (
  createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }
).version

/**
 * A session on the CPU.
 * @param model bytes or a path
 * @param threads intra-op threads; 0: onnxruntime's default (all physical cores)
 * @throws LupineError 'onnxruntime-refused' when onnxruntime cannot load the model
 */
export async function createSession(
  model: Uint8Array | string,
  threads: number,
  place: string,
  options: SessionOptions = {},
): Promise<Session> {
  const settings: SessionOptions = {
    executionProviders: ['cpu'],
    logSeverityLevel: 3,
    interOpNumThreads: 1,
    ...(threads > 0 ? { intraOpNumThreads: threads } : {}),
    ...options,
  }
  try {
    return typeof model === 'string'
      ? await ort.InferenceSession.create(model, settings)
      : await ort.InferenceSession.create(model, settings)
  } catch (error) {
    throw fail(
      'input',
      'onnxruntime-refused',
      `onnxruntime ${runtimeVersion} cannot load ${place}: ${(error as Error).message}`,
      'The model uses operators or types that onnxruntime lacks; export it again with standard ONNX operators.',
      error,
    )
  }
}

export const floatTensor = (data: Float32Array, shape: readonly number[]): Ort.Tensor =>
  new ort.Tensor('float32', data, shape)

export const int64Tensor = (data: BigInt64Array, shape: readonly number[]): Ort.Tensor =>
  new ort.Tensor('int64', data, shape)

/** Values as the type a session takes: half precision where the model was exported in it. */
function inputTensor(session: Session, data: Float32Array, shape: readonly number[]): Ort.Tensor {
  const [about] = session.inputMetadata
  if (!about?.isTensor || about.type !== 'float16') return floatTensor(data, shape)
  return new ort.Tensor('float16', Uint16Array.from(data, toHalf), shape)
}

/** An output's values; newer Nodes have an array type for half precision, older ones give its bits. */
function floats({ data, type }: Ort.Tensor): Float32Array {
  if (data instanceof Float32Array) return data
  if (type === 'float16' && data instanceof Uint16Array) return Float32Array.from(data, fromHalf)
  return Float32Array.from(data as Float64Array, Number)
}

/** Runs a session on one float input; returns every output as float32 data with its shape. */
export async function runSession(
  session: Session,
  input: Float32Array,
  shape: readonly number[],
): Promise<Map<string, { data: Float32Array; shape: readonly number[] }>> {
  const results = await session.run({ [session.inputNames[0]!]: inputTensor(session, input, shape) })
  const outputs = new Map<string, { data: Float32Array; shape: readonly number[] }>()
  for (const name of session.outputNames) {
    const tensor = results[name]!
    outputs.set(name, { data: floats(tensor), shape: tensor.dims })
  }
  return outputs
}
