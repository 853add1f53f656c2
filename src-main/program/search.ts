import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Budget, JobResult } from '../contract'
import type { SearchMethod, SearchOutcome } from '../core/methods/pruner-types'
import { networkCost } from '../core/graph/cost'
import type { Journal } from '../core/ports'
import { planFile } from '../core/pruning/plan'
import { createSubject, pruneSubject, subjectKeep } from '../core/pruning/subject'
import { openDevice } from '../devices/open'
import { saveOnnx, writeAtomically } from '../formats/onnx/files'
import { hashBytes } from '../projects/provenance'
import type { JobContext } from '../runs/job'
import { resolveData } from './data-source'
import { runRatioSearch } from './ratio-search'
import { loadModel } from './load'

/** After zod's defaults. */
export interface SearchRequest {
  readonly model: string
  readonly data: string
  readonly device: string
  readonly budget: Budget
  readonly method: SearchMethod
  readonly evaluations?: number | undefined
  readonly normalize?: string | undefined
  readonly seed: number
  readonly out: string
}

/** Nothing to resume: every value is produced. */
const noJournal: Journal = { record: (_kind, _key, produce) => produce() }

/** `search MODEL …`: only the search; writes the plan. @throws LupineError as runRatioSearch, 'not-written' */
export async function searchJob(request: SearchRequest, job: JobContext): Promise<JobResult<'search'>> {
  const start = performance.now()
  const { bytes, network } = await loadModel(request.model)
  const subject = createSubject(network)
  const device = openDevice(request.device)
  const data = await resolveData(request.model, request.data, request.normalize)
  if (data.note) job.note('info', data.note)
  const folder = await mkdtemp(join(tmpdir(), 'lupine-search-'))
  try {
    const original = join(folder, 'original.onnx')
    await saveOnnx(original, subject.network)
    const outcome = await runRatioSearch(
      {
        subject,
        original,
        data: data.source,
        device,
        budget: request.budget,
        method: request.method,
        evaluations: request.evaluations ?? 160,
        seed: request.seed,
        journal: noJournal,
        images: { fitness: 1024, recalibration: 512 },
        onStage: (stage) => job.stage(stage, stage, 0, 1),
      },
      job,
    )
    const keep = subjectKeep(subject, outcome.chosen.widths)
    const plan = planFile(subject.coupling, subject.branches, keep, hashBytes(bytes))
    await writeAtomically(request.out, `${JSON.stringify(plan, null, 1)}\n`)
    const cost = networkCost(pruneSubject(subject, outcome.chosen.widths))
    return {
      ...searchFigures(outcome),
      plan: request.out,
      seconds: (performance.now() - start) / 1000,
      best: { ...searchFigures(outcome).best, macs: cost.macs, params: cost.params },
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The fields of the contract that come straight from the outcome. Latencies as fractions of the original. */
export function searchFigures(outcome: SearchOutcome) {
  const { chosen, baselines } = outcome
  return {
    method: outcome.method,
    evaluations: outcome.evaluations,
    distinct: outcome.distinct,
    best: {
      fitness: chosen.fitness,
      latency: { predicted: chosen.predicted ?? null, measured: chosen.measured ?? null },
    },
    front: [...outcome.front],
    history: [...outcome.history],
    baselines: { random: baselines.random.fitness ?? null, uniform: baselines.uniform.fitness ?? null },
  }
}
