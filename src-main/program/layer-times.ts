import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { inferShapes } from '../core/graph/shapes'
import { LupineError } from '../core/failure'
import { MAD_TO_SIGMA, mad, median } from '../core/statistics/robust'
import type { Device, LayerTime } from '../devices/device'
import { QuietGate } from '../devices/measuring/quiet'
import { inputShape } from '../devices/oracle'
import { loadOnnx, writeAtomically } from '../formats/onnx/files'
import type { Layout } from '../projects/layout'
import type { JobContext } from '../runs/job'

const kernel = z.object({
  name: z.string(),
  op: z.string(),
  median: z.number().nonnegative().describe('ms'),
  noise: z.number().nonnegative().describe('standard error of the median, ms'),
})

/** measurements/layers.json: what the kernels of the unpruned and of the pruned network take, as the runtime names them. */
const layerTimes = z.object({
  format: z.literal('lupine-layer-times'),
  version: z.literal(1),
  original: z.array(kernel),
  result: z.array(kernel),
})
export type LayerTimes = z.infer<typeof layerTimes>

/** Quiet profiles wanted of each network, and inferences in each. */
const quiet = 3
const runs = 100

const fileOf = (files: Layout): string => join(files.measurements, 'layers.json')

/** What a run recorded; undefined where it recorded nothing (a version before this file, or a damaged one). */
export async function readLayerTimes(files: Layout): Promise<LayerTimes | undefined> {
  try {
    return layerTimes.parse(JSON.parse(await readFile(fileOf(files), 'utf8')))
  } catch {
    return undefined
  }
}

/**
 * Profiles original and result in turns, in fresh processes, and keeps the times with the project's measurements. Of
 * each network the quietest profiles count, and pairs are repeated until there are enough quiet ones, as everywhere: a
 * profile has no sentinel that could be divided by.
 * @throws LupineError kind 'device'
 */
export async function measureLayerTimes(files: Layout, device: Device, job: JobContext): Promise<LayerTimes> {
  const network = await loadOnnx(files.original)
  const shape = inputShape({ network, shapes: inferShapes(network) })
  const gate = new QuietGate()
  const [originals, results]: [Profile[], Profile[]] = [[], []]
  while (gate.wantsMore('original', originals, quiet) || gate.wantsMore('result', results, quiet)) {
    await job.gate()
    originals.push(profileOf(await device.layers(files.original, shape, runs, 'original')))
    results.push(profileOf(await device.layers(files.model, shape, runs, 'result')))
  }
  const times: LayerTimes = {
    format: 'lupine-layer-times',
    version: 1,
    original: together(gate.choose('original', originals, quiet)),
    result: together(gate.choose('result', results, quiet)),
  }
  await writeAtomically(fileOf(files), `${JSON.stringify(times)}\n`)
  return times
}

interface Profile {
  readonly layers: readonly LayerTime[]
  /** Its one sample, as the gate sees it: all layers, ms. */
  readonly samples: readonly [readonly [number]]
}

const profileOf = (layers: readonly LayerTime[]): Profile => {
  return { layers, samples: [[layers.reduce((sum, layer) => sum + layer.median, 0)]] }
}

/** As `measureLayerTimes`, within a run: a device that has no layer times (a replayed older run) does not stop it. */
export async function recordLayerTimes(files: Layout, device: Device, job: JobContext): Promise<void> {
  try {
    await measureLayerTimes(files, device, job)
  } catch (error) {
    if (!(error instanceof LupineError) || error.failure.kind !== 'device') throw error
    job.note('info', `No times per layer for lupine explain: ${error.message}`)
  }
}

/** The median over several profiles of one network, kernel by kernel, in the order they ran. */
function together(profiles: readonly Profile[]): LayerTimes['original'] {
  return profiles[0]!.layers.map(({ name, op }) => {
    const times = profiles.flatMap((profile) =>
      profile.layers.filter((layer) => layer.name === name).map((l) => l.median),
    )
    const noise = (MAD_TO_SIGMA * mad(times)) / Math.sqrt(times.length)
    return { name, op, median: median(times), noise }
  })
}
