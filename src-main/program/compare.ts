import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fail } from '../core/failure'
import type { Network } from '../core/graph/network'
import { createRandom } from '../core/statistics/random'
import type { DeviceOutput } from '../devices/device'
import type { ForwardRequest, ForwardResult } from '../engines/interface'
import { saveOnnx } from '../formats/onnx/files'

/** Anything that can run a model file on an input file. */
export interface Forwarder {
  call(method: 'forward', request: ForwardRequest): Promise<ForwardResult>
}

/** Of the output where the two differ most, against its own range. */
export interface Difference {
  readonly maxAbsDiff: number
  /** max − min of the reference's values; where they are all alike, the largest of them. */
  readonly outputRange: number
  /** Fraction of rows whose largest value is at the same place (first output, rows of its last axis). */
  readonly top1: number
}

/** One tensor of two runs. */
export interface OutputDifference {
  readonly name: string
  readonly maxAbsDiff: number
  /** max − min of the reference's values; where they are all alike, the largest of them. */
  readonly outputRange: number
  readonly maxRelDiff: number
}

/**
 * Compares tensors by name; each is measured against its own range.
 * @throws LupineError work 'check-nothing' when the two have none in common
 */
export async function compareOutputs(
  reference: ForwardResult['outputs'],
  candidate: ForwardResult['outputs'],
): Promise<OutputDifference[]> {
  const differences: OutputDifference[] = []
  for (const { name, file } of reference) {
    const other = candidate.find((output) => output.name === name)
    if (other) differences.push({ name, ...differenceOf(await readFloats(file), await readFloats(other.file)) })
  }
  if (differences.length > 0) return differences
  throw fail(
    'work',
    'check-nothing',
    'The engine could not run a single tensor that onnxruntime has too.',
    'lupine inspect says which operators are not understood; export the model with standard ones.',
  )
}

/** The output that differs most, by its own range. */
export const worstOf = (outputs: readonly OutputDifference[]): OutputDifference =>
  outputs.reduce((worst, output) => (output.maxRelDiff > worst.maxRelDiff ? output : worst))

function differenceOf(x: Float32Array, y: Float32Array): Omit<OutputDifference, 'name'> {
  let maxAbsDiff = x.length === y.length ? 0 : Infinity
  let [low, high, peak] = [Infinity, -Infinity, 0]
  for (let i = 0; i < x.length; i++) {
    // The same infinity on both sides is agreement; a NaN on either side is not.
    const difference = x[i] === y[i] ? 0 : Math.abs(x[i]! - y[i]!)
    if (!(difference <= maxAbsDiff)) maxAbsDiff = Number.isNaN(difference) ? Infinity : difference
    low = Math.min(low, x[i]!)
    high = Math.max(high, x[i]!)
    peak = Math.max(peak, Math.abs(x[i]!))
  }
  const outputRange = high - low || peak || 1
  return { maxAbsDiff, outputRange, maxRelDiff: maxAbsDiff / outputRange }
}

/**
 * Runs two networks on the same input and compares all outputs, in the order they are listed.
 * @param input raw float32 file with its shape; seeded normal values of `shape` when absent
 */
export async function compareNetworks(
  reference: { readonly network: Network; readonly run: Forwarder },
  candidate: { readonly network: Network; readonly run: Forwarder },
  shape: readonly number[],
  input?: string,
): Promise<Difference> {
  const folder = await mkdtemp(join(tmpdir(), 'lupine-compare-'))
  try {
    const file = input ?? join(folder, 'input.f32')
    if (!input) await writeFile(file, randomInput(shape))
    const sides = []
    for (const [i, { network, run }] of [reference, candidate].entries()) {
      const model = join(folder, `${i}.onnx`)
      const into = await mkdtemp(join(folder, 'out-'))
      await saveOnnx(model, network)
      sides.push((await run.call('forward', { model, input: file, shape, into })).outputs)
    }
    const [a, b] = sides as [ForwardResult['outputs'], ForwardResult['outputs']]
    let worst: Omit<OutputDifference, 'name'> | undefined
    let top1 = 1
    for (let i = 0; i < a.length; i++) {
      const x = await readFloats(a[i]!.file)
      const y = await readFloats(b[i]!.file)
      const difference = differenceOf(x, y)
      if (!worst || difference.maxRelDiff > worst.maxRelDiff) worst = difference
      if (i === 0) top1 = sameTop(x, y, a[0]!.shape.at(-1)!)
    }
    const { maxAbsDiff, outputRange } = worst!
    return { maxAbsDiff, outputRange, top1 }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * Outputs of this computer's onnxruntime against those of a device, by name.
 * @throws LupineError device 'device-answer' where one is missing
 */
export async function compareWithDevice(
  here: ForwardResult['outputs'],
  there: readonly DeviceOutput[],
): Promise<Difference> {
  let worst: Omit<OutputDifference, 'name'> | undefined
  let top1 = 1
  for (const [i, { name, shape, file }] of here.entries()) {
    const other = there.find((output) => output.name === name)
    if (!other)
      throw fail(
        'device',
        'device-answer',
        `The device gave no output ${name} of the result.`,
        'Run again; if it happens again, report it.',
      )
    const values = await readFloats(file)
    const difference = differenceOf(values, other.data)
    if (!worst || difference.maxRelDiff > worst.maxRelDiff) worst = difference
    if (i === 0 && values.length === other.data.length) top1 = sameTop(values, other.data, shape.at(-1)!)
  }
  const { maxAbsDiff, outputRange } = worst!
  return { maxAbsDiff, outputRange, top1 }
}

/** A raw float32 file. */
export async function readFloats(path: string): Promise<Float32Array> {
  return new Float32Array(new Uint8Array(await readFile(path)).buffer)
}

function randomInput(shape: readonly number[]): Uint8Array {
  const random = createRandom(1)
  const size = shape.reduce((a, b) => a * b, 1)
  return new Uint8Array(Float32Array.from({ length: size }, () => random.normal()).buffer)
}

function sameTop(a: Float32Array, b: Float32Array, width: number): number {
  const top = (values: Float32Array, row: number) => {
    let best = 0
    for (let i = 1; i < width; i++) if (values[row * width + i]! > values[row * width + best]!) best = i
    return best
  }
  const rows = a.length / width
  let same = 0
  for (let row = 0; row < rows; row++) if (top(a, row) === top(b, row)) same++
  return same / rows
}
