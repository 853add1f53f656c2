import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { JobResult, RunRequest } from '../contract'
import { fail, LupineError } from '../core/failure'
import { findGroups } from '../core/coupling/groups'
import { gatherFacts, type LayerFacts } from '../core/explain/facts'
import { type Judged, judgeLayers, type Staircases } from '../core/explain/judge'
import { adviceOf, reasonOf } from '../core/explain/sentences'
import { survey } from '../core/latency/survey'
import { loneWidths } from '../core/methods/latency-stage'
import { createCostModel } from '../core/pruning/cost-model'
import { latencyGroups } from '../core/pruning/latency-groups'
import { readPlan } from '../core/pruning/plan'
import { networkOfPlan } from '../core/pruning/selections'
import { createSubject, type Subject } from '../core/pruning/subject'
import type { Keep } from '../core/pruning/widths'
import type { Device } from '../devices/device'
import { loadOnnx, writeAtomically } from '../formats/onnx/files'
import type { Layout } from '../projects/layout'
import { openProject } from '../projects/project'
import type { JobContext } from '../runs/job'
import { deviceFor, tableOracle } from './latency-oracles'
import { type LayerTimes, measureLayerTimes, readLayerTimes } from './layer-times'

/** Runtimes that run one kernel after the other, however many threads work on each. */
const sequential = new Set(['onnxruntime', 'synthetic', 'litert', 'ncnn'])
/** Layers that add up to this much more than the whole ran at the same time. */
const overlapping = 1.1

/** What the verify stage of a run left; fields that explain needs. */
const verified = z.object({
  result: z.object({
    latency: z.object({
      device: z.record(z.string(), z.unknown()),
      original: z.object({ median: z.number() }),
      result: z.object({ median: z.number() }),
      measured: z.number(),
    }),
  }),
})

const storedTable = z.object({
  version: z.literal(1),
  groups: z.array(z.object({ id: z.string(), signature: z.string() })),
  staircases: z.record(
    z.string(),
    z.object({
      channels: z.number(),
      points: z.array(
        z.object({ kept: z.number(), ratio: z.number(), noise: z.number(), level: z.number().optional() }),
      ),
    }),
  ),
})

/**
 * `explain DIR`: why a run's result is or isn't faster, layer by layer, from what the run recorded. What is missing is
 * measured on the run's device and kept, unless `measure` is false.
 * @throws LupineError 'project-missing', …; input 'run-unfinished', 'layers-missing'; kind 'device'
 */
export async function explainJob(
  { dir, measure }: { dir: string; measure: boolean },
  job: JobContext,
): Promise<JobResult<'explain'>> {
  const project = await openProject(dir)
  try {
    const { request } = project.about.request as { request: RunRequest }
    return await explainProject(project.files, request, { dir, measure }, job)
  } finally {
    await project.close()
  }
}

async function explainProject(
  files: Layout,
  request: RunRequest,
  { dir, measure }: { dir: string; measure: boolean },
  job: JobContext,
): Promise<JobResult<'explain'>> {
  const latency = await latencyOf(files, dir)
  const device = await deviceFor(request.device, job)
  const { keep } = readPlan(await readFile(files.plan, 'utf8'), files.plan)
  const original = networkOfPlan(await loadOnnx(files.original), keep.keys())
  const result = await loadOnnx(files.model)
  const coupling = findGroups(original)
  const times = await timesOf(files, device, measure, dir, job)
  const missing: string[] = []
  const streams = streamsOf(latency.device.runtime, times, latency.after)
  const facts = gatherFacts(
    { network: original, coupling, kernels: times.original },
    { network: result, kernels: times.result },
    keep,
    streams,
  )
  const table = await tableOf(
    files,
    createSubject(original, { coupling }),
    keep,
    { device, measure, request, dir },
    missing,
    job,
  )
  const judged = judgeLayers(facts, { total: latency.before, table })
  return { ...describe(judged, latency), device: latency.device, missing }
}

interface Latency {
  readonly device: JobResult<'explain'>['device']
  /** ms */
  readonly before: number
  readonly after: number
  /** after / before, interleaved. */
  readonly ratio: number
}

async function latencyOf(files: Layout, dir: string): Promise<Latency> {
  try {
    const { latency } = verified.parse(JSON.parse(await readFile(files.stage('verify'), 'utf8'))).result
    const { device, original, measured } = latency
    return {
      device: device as Latency['device'],
      before: original.median,
      after: original.median * measured,
      ratio: measured,
    }
  } catch (error) {
    const message = `${files.root} holds no finished run: its result has not been measured yet.`
    throw fail('input', 'run-unfinished', message, `Finish it first: lupine resume ${dir}`, error)
  }
}

async function timesOf(
  files: Layout,
  device: Device,
  measure: boolean,
  dir: string,
  job: JobContext,
): Promise<LayerTimes> {
  const recorded = await readLayerTimes(files)
  if (recorded) return recorded
  if (!measure)
    throw fail(
      'input',
      'layers-missing',
      `${files.root} was made without times per layer.`,
      `With the device (${device.address}) at hand: lupine explain ${dir}`,
    )
  job.stage('profile', 'times per layer', 0, 2)
  return measureLayerTimes(files, device, job)
}

/**
 * How many branches may run at the same time. Where the runtime is not known to run them in turn, layers that take
 * longer together than the network are the evidence.
 */
function streamsOf(runtime: string, { result }: LayerTimes, total: number): number {
  const sum = result.reduce((all, { median }) => all + median, 0)
  return sequential.has(runtime) || sum <= overlapping * total ? 1 : 2
}

/** The staircases of the groups that were pruned: the run's, or measured now (and kept); undefined where neither is. */
async function tableOf(
  files: Layout,
  subject: Subject,
  keep: Keep,
  { device, measure, request, dir }: { device: Device; measure: boolean; request: RunRequest; dir: string },
  missing: string[],
  job: JobContext,
): Promise<Staircases | undefined> {
  const stored = storedTable.safeParse(await readFile(files.table, 'utf8').then(JSON.parse, () => undefined)).data
  if (stored) return stored as unknown as Staircases
  const all = latencyGroups(subject)
  const pruned = all.filter(({ id, channels }) => (keep.get(id)?.length ?? 0) > 0 && keep.get(id)!.length < channels)
  const groups = all.filter(({ signature }) => pruned.some((group) => group.signature === signature))
  if (groups.length === 0) return undefined
  if (!measure) {
    missing.push(`Widths are not judged: no staircases were measured. lupine explain ${dir} without --no-measure does.`)
    return undefined
  }
  try {
    job.stage('table', 'staircases', 1, 2)
    const { cached } = await tableOracle(device, subject, request.seed, false, job)
    const costs = createCostModel(subject)
    const { table } = await survey(groups, (variants, repetition) => cached.measure(variants, repetition), {
      ...{ macs: (widths) => costs.cost('macs', widths), lone: loneWidths, refinements: 1 },
      onProgress: (done, total, detail) => job.progress('table', { done, total, detail }),
    })
    await writeAtomically(files.table, `${JSON.stringify(table)}\n`)
    return table
  } catch (error) {
    if (!(error instanceof LupineError) || error.failure.kind !== 'device') throw error
    const { message } = error.failure
    missing.push(
      `Widths are not judged, as there are no staircases: ${message} With ${device.address} at hand, explain measures them.`,
    )
    return undefined
  }
}

function describe(
  judged: readonly Judged[],
  { before, after, ratio }: Latency,
): Omit<JobResult<'explain'>, 'device' | 'missing'> {
  const layers = judged.map((each) => {
    const { facts, cause, shortfall, better } = each
    const advice = adviceOf(each)
    const both = (read: (side: LayerFacts['before']) => number) => ({
      before: read(facts.before),
      after: read(facts.after),
    })
    return {
      ...{ name: facts.name, op: facts.op, cause: cause.kind, reason: reasonOf(each, before), missed: shortfall },
      groups: facts.groups.map(({ id, channels, kept }) => ({ id, channels, kept })),
      macs: both(({ macs }) => macs),
      ms: both(({ ms }) => ms),
      kernels: both(({ kernels }) => kernels.length),
      ...(better ? { better } : {}),
      ...(advice ? { advice } : {}),
    }
  })
  const sum = (read: (layer: (typeof layers)[number]) => number): number =>
    layers.reduce((all, each) => all + read(each), 0)
  const macs = { before: sum((layer) => layer.macs.before), after: sum((layer) => layer.macs.after) }
  const saved = { macs: 1 - macs.after / macs.before, ms: 1 - ratio }
  const lost = layers
    .filter(({ cause, missed }) => missed > lossFrom * before && !['as-expected', 'no-macs', 'removed'].includes(cause))
    .sort((a, b) => b.missed - a.missed)
  return {
    network: { macs, ms: { before, after }, saved, summary: summaryOf(saved, lost, before) },
    layers,
    unattributed: { before: before - sum(({ ms }) => ms.before), after: after - sum(({ ms }) => ms.after) },
    losses: lost.map(({ name }) => name),
  }
}

/** Part of the network's time from which on a loss is named. */
const lossFrom = 0.002

function summaryOf(
  saved: { macs: number; ms: number },
  lost: readonly { readonly missed: number; readonly cause: string }[],
  total: number,
): string {
  const percent = (part: number): string => `${(part * 100).toFixed(1)} %`
  const head = `${percent(saved.macs)} of the MACs saved, ${percent(saved.ms)} of the time`
  if (lost.length === 0) return `${head}; every layer saved what its MACs promised`
  const missed = lost.reduce((sum, each) => sum + each.missed, 0)
  const causes = [...new Set(lost.map(({ cause }) => cause))].map((cause) => {
    const of = lost.filter((each) => each.cause === cause)
    return `${cause.replaceAll('-', ' ')} ${percent(of.reduce((sum, each) => sum + each.missed, 0) / total)}`
  })
  return `${head}; ${lost.length} layers missed ${percent(missed / total)} of the time (${causes.join(', ')})`
}
