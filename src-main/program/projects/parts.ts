import { basename, join } from 'node:path'
import { z } from 'zod'
import {
  projectPlan,
  projectTable,
  runResult,
  type CallResult,
  type ProjectCandidate,
  type RunResult,
} from '../../contract'
import { takenFigures } from '../../contract/take'
import { fail } from '../../core/failure'
import { shownName } from '../../core/text'
import { changedFiles, listMeasurements, listTaken, readLines, readPart } from '../../projects/contents'
import type { Layout } from '../../projects/layout'

/** What is in a project, each checked against the contract: a project may come from anywhere. */

export async function planOf(files: Layout): Promise<CallResult<'projects.plan'>> {
  return { plan: (await readPart(files, files.plan, projectPlan.result.shape.plan)) ?? null }
}

export async function tableOf(files: Layout): Promise<CallResult<'projects.table'>> {
  return { table: (await readPart(files, files.table, projectTable.result.shape.table)) ?? null }
}

const finished = z.object({ type: z.literal('finished'), result: runResult })

/** What taken plans cost, by the paths of their files. */
export async function takenOf(files: Layout) {
  const taken = await Promise.all(
    (await listTaken(files)).map(async (name) => {
      const { plan, model, figures } = files.taken(name)
      const costs = await readPart(files, figures, takenFigures)
      return costs ? [{ plan, model, ...costs }] : []
    }),
  )
  return taken.flat()
}

/** The result is what the last job said at its end. */
export async function resultOf(files: Layout): Promise<CallResult<'projects.result'>> {
  let result: RunResult | null = null
  for await (const event of readLines(files, files.events)) {
    const { type } = event as { type?: unknown }
    if (type === 'started') result = null
    if (type !== 'finished') continue
    const parsed = finished.safeParse(event)
    if (parsed.success) result = parsed.data.result
  }
  return { result }
}

const entry = z.object({ kind: z.string(), key: z.string(), value: z.unknown() })
const figures = {
  score: z.object({ divergence: z.number(), top1: z.number().optional(), estimated: z.boolean().optional() }),
  latency: z.object({ ratio: z.number(), median: z.number(), mad: z.number(), samples: z.number() }),
}
/** Kinds of journal entries that are about a plan, and what of a candidate they are. */
const kinds: Readonly<Record<string, 'score' | 'latency' | 'refined'>> = {
  score: 'score',
  rescore: 'score',
  latency: 'latency',
  refined: 'refined',
}

export async function candidatesOf(
  files: Layout,
  { from, most }: { from: number; most: number },
): Promise<CallResult<'projects.candidates'>> {
  const known = new Map<string, ProjectCandidate>()
  for await (const line of readLines(files, files.journal)) {
    const read = entry.safeParse(line)
    const field = read.success ? kinds[read.data.kind] : undefined
    if (!read.success || !field) continue
    const { key, value } = read.data
    const parsed = (field === 'latency' ? figures.latency : figures.score).safeParse(value)
    if (parsed.success) known.set(key, { ...(known.get(key) ?? { plan: planOfKey(key) }), [field]: parsed.data })
  }
  const all = [...known.values()]
  return { candidates: all.slice(from, from + most), total: all.length }
}

/** "layer1.conv1=12,layer2.conv1=8" (core/search/archive.ts) → channels kept. Names may hold both signs. */
export function planOfKey(key: string): Record<string, number> {
  if (key === 'untouched') return {}
  const plan: Record<string, number> = {}
  for (const [, name, kept] of key.matchAll(/(?:^|,)(.*?)=(\d+)(?=,|$)/g)) plan[name!] = Number(kept)
  return plan
}

export async function measurementsOf(files: Layout): Promise<CallResult<'projects.measurements'>> {
  return { measurements: await listMeasurements(files) }
}

/** @throws LupineError input 'measurement-unknown', 'project-damaged', 'project-leads-outside' */
export async function measurementOf(files: Layout, name: string): Promise<CallResult<'projects.measurement'>> {
  const path = join(files.measurements, name)
  const found = basename(name) === name && name.endsWith('.json') && (await readPart(files, path, z.unknown()))
  if (!found)
    throw fail(
      'input',
      'measurement-unknown',
      `The project has no measurement “${shownName(name, 80)}”.`,
      'projects.measurements lists them.',
    )
  return { measurement: found }
}

export async function provenanceOf(files: Layout): Promise<CallResult<'projects.provenance'>> {
  const provenance = await readPart(files, files.provenance, z.record(z.string(), z.unknown()))
  if (!provenance) return { provenance: null, changed: [] }
  const hashes = z.record(z.string(), z.string()).safeParse(provenance['files'])
  return { provenance, changed: hashes.success ? await changedFiles(files, hashes.data) : [] }
}
