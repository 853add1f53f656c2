// Must be set before the library loads: its Linux build reports to its maker otherwise.
process.env['ORT_DISABLE_TELEMETRY'] = '1'
import { createRequire } from 'node:module'
import type * as Ort from 'onnxruntime-node'
import { fail } from '../../core/failure'

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

/** Runs a session on one float input; returns every output as float32 data with its shape. */
export async function runSession(
  session: Session,
  input: Float32Array,
  shape: readonly number[],
): Promise<Map<string, { data: Float32Array; shape: readonly number[] }>> {
  const results = await session.run({ [session.inputNames[0]!]: floatTensor(input, shape) })
  const outputs = new Map<string, { data: Float32Array; shape: readonly number[] }>()
  for (const name of session.outputNames) {
    const tensor = results[name]!
    const data =
      tensor.data instanceof Float32Array ? tensor.data : Float32Array.from(tensor.data as Float64Array, Number)
    outputs.set(name, { data, shape: tensor.dims })
  }
  return outputs
}
