import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CallRequest, CallResult } from '../contract'
import { LupineError } from '../core/failure'
import type { Network } from '../core/graph/network'
import { beforeFinalActivation } from '../core/graph/outputs'
import type { Sizes } from '../core/graph/sizes'
import type { ForwardResult } from '../engines/interface'
import { loadOnnx, readModel, readModelBytes, saveOnnx } from '../formats/onnx/files'
import { computesInHalf } from '../formats/onnx/half'
import { againstHalf, type HalfAgreement } from './check-half'
import { inputsToTry, probe, type Probe } from './check-input'
import { compareOutputs, worstOf, type Forwarder, type OutputDifference } from './compare'
import { chooseEngine } from './engine-choice'
import { sizesFrom, withSizes } from './input-size'
import { withOnnxruntime } from './onnxruntime'

export interface CheckResult {
  /** Of the cleaned network: nodes our engine ran, and those it did not, with the reason. */
  readonly run: number
  readonly opaque: readonly { readonly name: string; readonly op: string; readonly why: string }[]
  /** Every output, and every tensor at which the engine had to stop. */
  readonly outputs: readonly OutputDifference[]
  /** [N, …] of the input used. */
  readonly shape: readonly number[]
  /** Our engine against onnxruntime on the file as exported; only for files in half precision. */
  readonly half: HalfAgreement | undefined
}

/**
 * `check MODEL`: our engine's forward pass against onnxruntime on the network as given, before a final Softmax or
 * Sigmoid. A file in half precision is compared twice: computed in single precision on both sides, and with onnxruntime
 * on the file itself, which shows that it was read rightly.
 * @throws LupineError of the model, 'onnxruntime-refused', 'check-nothing' when not a single node can be compared
 */
export async function checkModel(request: CallRequest<'model.check'>): Promise<CallResult<'model.check'>> {
  const bytes = await readModelBytes(request.model)
  const given = readModel(bytes, request.model)
  const sizes = sizesFrom(request.input, given, request.model)
  const exported = computesInHalf(bytes) ? request.model : undefined
  const engine = await chooseEngine(request.engine)
  try {
    const { run, opaque, outputs, shape, half } = await withOnnxruntime((ort) =>
      checkNetwork(given, ort, engine.handle, { place: request.model, sizes, exported }),
    )
    const { maxAbsDiff, outputRange, maxRelDiff } = worstOf(outputs)
    return {
      engine: engine.about.engine,
      nodes: { run, opaque: opaque.length },
      ...{ maxAbsDiff, outputRange, maxRelDiff, samples: shape[0] ?? 1 },
      outputs: [...outputs],
      opaque: opaque.map(({ name, op, why }) => ({ name, op, why })),
      ...(half && { half }),
    }
  } finally {
    await engine.handle.stop()
  }
}

export interface CheckOptions {
  /** What messages call the network. */
  readonly place?: string | undefined
  /** Of what its input leaves open; those not given are tried. */
  readonly sizes?: Sizes | undefined
  /** Its file, to be run as it is too: one in half precision. */
  readonly exported?: string | undefined
}

/**
 * Runs a network in onnxruntime and in an engine on the same input.
 * @param reference onnxruntime
 */
export async function checkNetwork(
  given: Network,
  reference: Forwarder,
  engine: Forwarder,
  { place = given.name, sizes, exported }: CheckOptions = {},
): Promise<CheckResult> {
  const bare = beforeFinalActivation(given)
  const folder = await mkdtemp(join(tmpdir(), 'lupine-check-'))
  try {
    const model = join(folder, 'model.onnx')
    await saveOnnx(model, bare)
    const input = await acceptedInput(withSizes(bare, sizes), model, reference, folder, place)
    const into = await mkdtemp(join(folder, 'engine-'))
    const got = await engine.call('forward', { ...input.request, into, partial: true })
    const expected = await referenceFor(got, input, model, reference, folder)
    const outputs = await compareOutputs(expected, got.outputs)
    const half = exported
      ? await againstHalf(got, { ...input.request, model: exported }, bare, reference, folder)
      : undefined
    return { run: got.nodes!.run, opaque: got.nodes!.opaque, outputs, shape: input.request.shape, half }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Accepted {
  readonly request: { readonly model: string; readonly input: string; readonly shape: readonly number[] }
  /** onnxruntime's outputs for it. */
  readonly outputs: ForwardResult['outputs']
}

/** The first of the likely inputs that onnxruntime takes: a network of open size may still want a certain one. */
async function acceptedInput(
  network: Network,
  model: string,
  ort: Forwarder,
  folder: string,
  place: string,
): Promise<Accepted> {
  const into = await mkdtemp(join(folder, 'onnxruntime-'))
  const tried = inputsToTry(network)
  for (const [i, candidate] of tried.entries()) {
    const request = { model, input: await written(candidate, folder), shape: candidate.shape }
    try {
      return { request, outputs: (await ort.call('forward', { ...request, into, place })).outputs }
    } catch (error) {
      const refused = error instanceof LupineError && error.failure.code === 'onnxruntime-refused'
      if (refused || i === tried.length - 1) throw error
    }
  }
  throw new Error('There is always an input to try.')
}

async function written(candidate: Probe, folder: string): Promise<string> {
  const file = join(folder, 'input.f32')
  const values = probe(candidate)
  await writeFile(file, new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  return file
}

/** onnxruntime's values of what the engine made: the outputs, and the tensors where it stopped. */
async function referenceFor(
  got: ForwardResult,
  { request, outputs }: Accepted,
  model: string,
  ort: Forwarder,
  folder: string,
): Promise<ForwardResult['outputs']> {
  const known = new Set(outputs.map(({ name }) => name))
  const given = await loadOnnx(model)
  const inFile = new Set(given.nodes.flatMap((node) => node.outputs))
  const more = got.outputs.map(({ name }) => name).filter((name) => !known.has(name) && inFile.has(name))
  if (more.length === 0) return outputs
  const into = await mkdtemp(join(folder, 'onnxruntime-'))
  return [...outputs, ...(await ort.call('forward', { ...request, outputs: more, into })).outputs]
}
