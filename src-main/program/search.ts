import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Budget, JobResult } from '../contract'
import type { SearchMethod, SearchOutcome } from '../core/methods/pruner-types'
import { networkCost } from '../core/graph/cost'
import type { Journal, Progress } from '../core/ports'
import { criterionNamed } from '../core/pruning/criteria'
import { planFile } from '../core/pruning/plan'
import { pruneSubject, subjectKeep } from '../core/pruning/subject'
import { saveOnnx, writeAtomically } from '../formats/onnx/files'
import { hashBytes } from '../projects/provenance'
import type { JobContext } from '../runs/job'
import { resolveData } from './data-source'
import { deviceFor } from './latency-oracles'
import { workingNetwork, type NormPolicy } from './norms'
import { runRatioSearch } from './ratio-search'
import { loadModel } from './load'
import { scoredSubject } from './scored-subject'

/** After zod's defaults. */
export interface SearchRequest {
  readonly model: string
  readonly data: string
  readonly device: string
  readonly budget: Budget
  readonly method: SearchMethod
  readonly criterion: string
  readonly nextLayer: boolean
  readonly bn?: NormPolicy | undefined
  readonly engine?: 'tensorflow' | 'wasm' | undefined
  readonly evaluations?: number | undefined
  readonly holdout?: string | undefined
  /** Groups or layers to leave whole. */
  readonly exclude: readonly string[]
  readonly streams: boolean
  readonly normalize?: string | undefined
  readonly seed: number
  readonly out: string
}

/** Nothing to resume: every value is produced. */
const noJournal: Journal = { record: (_kind, _key, produce) => produce() }

/** `search MODEL …`: only the search; writes the plan. @throws LupineError as runRatioSearch, 'not-written' */
export async function searchJob(request: SearchRequest, job: JobContext): Promise<JobResult<'search'>> {
  const start = performance.now()
  criterionNamed(request.criterion)
  const { bytes, network: cleaned } = await loadModel(request.model)
  const device = await deviceFor(request.device, job)
  const data = await resolveData(request.model, request.data, request.normalize)
  if (data.note) job.note('info', data.note)
  const folder = await mkdtemp(join(tmpdir(), 'lupine-search-'))
  try {
    const [working, importance] = [join(folder, 'working.onnx'), join(folder, 'importance.json')]
    job.stage('import', 'import', 0, 1)
    const report = (progress: Progress) => job.progress('import', progress)
    const { network } = await workingNetwork(cleaned, data.source, request.bn, job, report)
    await saveOnnx(working, network)
    const { criterion, nextLayer, seed, engine, exclude, streams } = request
    const scoring = { criterion, nextLayer, seed, engine, exclude, streams, data: data.source }
    const { subject, warnings } = await scoredSubject(cleaned, network, scoring, noJournal, importance, report, job)
    for (const text of warnings) job.note('warning', text)
    const outcome = await runRatioSearch(
      {
        subject,
        working,
        importance,
        data: data.source,
        ...(request.holdout && { holdout: { ...data.source, address: request.holdout } }),
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
      warnings: [...warnings],
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
    fidelity: outcome.fidelity,
    baselines: { random: baselines.random.fitness ?? null, uniform: baselines.uniform.fitness ?? null },
  }
}
