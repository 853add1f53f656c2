/**
 * `npm run bench:search`: the grey wolf against its rivals on one network, one device and one cache of real evaluations:
 * the same staircases, sensitivities, seeding and counter for all. Goes on where it stopped.
 */
import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { latencyStage, planSpace, withLatency } from '../../src-main/core/methods/latency-stage'
import type { SearchMethod, SearchRequest } from '../../src-main/core/methods/pruner-types'
import { Recorder } from '../../src-main/core/methods/recording'
import { createSearcher, drive } from '../../src-main/core/methods/search-stage'
import { sensitivityStage } from '../../src-main/core/methods/sensitivity-stage'
import type { Evaluator } from '../../src-main/core/ports'
import { createCostModel } from '../../src-main/core/pruning/cost-model'
import { latencyGroups } from '../../src-main/core/pruning/latency-groups'
import { createSubject } from '../../src-main/core/pruning/subject'
import type { Problem } from '../../src-main/core/search/repair'
import { friedman } from '../../src-main/core/statistics/friedman'
import { ranks } from '../../src-main/core/statistics/ranks'
import { median } from '../../src-main/core/statistics/robust'
import { openDevice } from '../../src-main/devices/open'
import { DeviceOracle } from '../../src-main/devices/oracle'
import { Scorer } from '../../src-main/engines/onnxruntime/scorer'
import { loadOnnx, saveOnnx } from '../../src-main/formats/onnx/files'
import { cleanNetwork } from '../../src-main/core/graph/clean'
import { resolveData } from '../../src-main/program/data-source'
import { remembering, tableEffort } from '../../src-main/program/latency-oracles'
import { Job } from '../../src-main/runs/job'
import { MemoJournal } from './memo-journal'

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    data: { type: 'string' },
    device: { type: 'string', default: 'local?threads=1' },
    latency: { type: 'string', default: '0.65' },
    evaluations: { type: 'string', default: '100,200,400' },
    seeds: { type: 'string', default: '10' },
    methods: { type: 'string', default: 'igwo,gwo,abc,de,knapsack,netadapt,random,uniform' },
    images: { type: 'string', default: '1024' },
    recalibration: { type: 'string', default: '512' },
    minutes: { type: 'string', default: '600' },
    cache: { type: 'string', default: join(homedir(), '.cache', 'lupine', 'bench', 'search') },
    json: { type: 'boolean', default: false },
  },
})
if (!values.model || !values.data) throw new Error('Give --model FILE and --data DATA.')
const end = Date.now() + Number(values.minutes) * 60_000
const methods = values.methods.split(',') as SearchMethod[]
const counts = values.evaluations.split(',').map(Number)
const latencyBudget = Number(values.latency)
mkdirSync(values.cache, { recursive: true })

const network = cleanNetwork(await loadOnnx(values.model))
const subject = createSubject(network)
const working = join(values.cache, 'working.onnx')
await saveOnnx(working, network)
const device = openDevice(values.device)
const job = new Job('bench', 'search')
const measuring = { device, subject, seed: 0, cancellation: job }
const journal = new MemoJournal(join(values.cache, 'evaluations.jsonl'))
const { source } = await resolveData(values.model, values.data)
let scorer: Promise<Scorer> | undefined
/** Every plan in full: with races a plan's value would depend on who asked first. */
const evaluator: Evaluator = {
  async evaluate(candidates) {
    scorer ??= Scorer.create({
      ...{ model: working, data: source, threads: 0 },
      ...{ fitnessImages: Number(values.images), recalibrationImages: Number(values.recalibration) },
    })
    const scores = []
    for (const widths of candidates) scores.push(await (await scorer).score(widths))
    return scores
  },
}
const request: SearchRequest = {
  groups: latencyGroups(subject),
  budget: { latency: latencyBudget },
  costs: createCostModel(subject),
  evaluator,
  journal,
  oracle: new DeviceOracle(measuring),
  points: await remembering(new DeviceOracle({ ...measuring, effort: tableEffort }), device, subject),
  seed: 0,
}
const recorder = new Recorder(journal, evaluator, request.oracle, undefined, request.points)
const known = await latencyStage(request, recorder)
const { loss } = await sensitivityStage(request, recorder)
const space = planSpace(request, known, loss)
const problem: Problem = { space, costs: withLatency(request.costs, known, known.margin), budget: request.budget }

for (const evaluations of counts) {
  const blocks: number[][] = []
  for (let seed = 0; seed < Number(values.seeds) && Date.now() < end; seed++) {
    const block: number[] = []
    for (const method of methods) {
      const own = new Recorder(journal, evaluator, undefined, undefined)
      const searcher = createSearcher({ ...request, seed }, method, problem, evaluations, `bench/${method}`)
      await drive(searcher, own, () => undefined)
      block.push(searcher.archive.best(1)[0]?.fitness ?? Infinity)
    }
    blocks.push(block)
    const line = methods.map((method, m) => `${method} ${block[m]!.toFixed(4)}`).join('  ')
    console.error(`${evaluations} evaluations, seed ${seed}: ${line}  (${journal.produced} evaluated anew)`)
  }
  if (blocks.length === 0) break
  const mean = methods.map((_, m) => blocks.reduce((sum, block) => sum + ranks(block)[m]!, 0) / blocks.length)
  const result = {
    evaluations,
    seeds: blocks.length,
    methods: Object.fromEntries(
      methods.map((method, m) => [method, { meanRank: mean[m]!, median: median(blocks.map((block) => block[m]!)) }]),
    ),
    ...(blocks.length > 1 && { friedman: friedman(blocks) }),
    fitness: blocks,
  }
  console.log(values.json ? JSON.stringify(result) : describe(result))
}
process.exit(0)

function describe({
  evaluations,
  seeds,
  methods: all,
  ...rest
}: {
  evaluations: number
  seeds: number
  methods: Record<string, { meanRank: number; median: number }>
  friedman?: { chiSquared: number; p: number }
}): string {
  const rows = Object.entries(all)
    .sort(([, a], [, b]) => a.meanRank - b.meanRank)
    .map(
      ([name, { meanRank, median }]) =>
        `  ${name.padEnd(10)} mean rank ${meanRank.toFixed(2)}  median ${median.toFixed(4)}`,
    )
  const test = rest.friedman
    ? `; Friedman χ² ${rest.friedman.chiSquared.toFixed(1)}, p ${rest.friedman.p.toPrecision(2)}`
    : ''
  return [`${evaluations} evaluations, ${seeds} seeds${test}`, ...rows].join('\n')
}
