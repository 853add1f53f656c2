import { fail } from '../failure'
import type { Widths } from '../ports'
import { Archive, planKey } from '../search/archive'
import { type Budget, kindsOf } from '../search/budget'
import { assertReachable, budgetUnreachable, smallestReachable } from '../search/reach'
import { defaultPack } from '../search/population'
import { leadingCost } from '../search/searcher'
import type { Problem } from '../search/repair'
import { type Space, widthsOf } from '../search/space'
import type { Position } from '../search/wolf-moves'
import {
  correctedMargin,
  elites,
  type Finalist,
  fittest,
  measureFinalists,
  meeting,
  strictMargin,
} from './choice-stage'
import type { RefinedPlan } from './fidelity'
import { frontStage } from './front-stage'
import { goalStage } from './goal-stage'
import { latencyStage, planSpace, withLatency } from './latency-stage'
import type { LatencyKnowledge } from './latency-knowledge'
import { planData } from './live'
import { type Choice, outcomeOf, type SearchRecord } from './outcome'
import {
  seededMethods,
  type Baseline,
  type FrontPlan,
  type SearchMethod,
  type SearchOutcome,
  type SearchRequest,
  type SearchStage,
} from './pruner-types'
import { Recorder } from './recording'
import { createSearcher, drive, type SearchProgress } from './search-stage'
import { type Sensitivities, sensitivityPlans, sensitivityStage } from './sensitivity-stage'

/** Parts of the evaluations before each measuring of finalists; what the device says corrects the next part's margin. */
const SHARES = [0.7, 0.2, 0.1]
/** Rounds beyond the evaluations asked for, only while no plan has met the budget. */
const EXTRA_ROUNDS = 2

/**
 * Searches the channels to keep per group, so that the divergence from the original is least and the budget is met: for
 * latency, met by measurement. Our reading of IGWO-Pruner (Wang et al., IEICE Trans. Inf. & Syst. E107-D(7), 2024):
 * measure a latency table, evaluate each group's sensitivity, search with the improved grey wolf optimizer (or a
 * rival), measure the best plans, correct the margin by what they show, search on, and choose.
 *
 * Deterministic given the seed and what the journal holds.
 * @throws LupineError 'input'/'budget-unreachable' (names the smallest reachable fractions, or the smallest measured);
 *   'usage'/'latency-needs-device'; 'usage'/'no-budget'; 'input'/'nothing-to-prune'; 'work'/'nothing-evaluated'; whatever
 *   the ports throw
 */
export async function searchRatios(request: SearchRequest): Promise<SearchOutcome> {
  checkRequest(request)
  const recorder = new Recorder(request.journal, request.evaluator, request.oracle, request.signal, request.points)
  const { accuracy, budget } = request
  const timed = budget.latency !== undefined || accuracy !== undefined
  if (request.apart) recorder.whileMeasuring(sensitivityPlans(request))
  const latency = timed ? await recorder.orRest(latencyStage(request, recorder)) : undefined
  const sensitivities = await sensitivityStage(request, recorder, latency)
  const { journal, oracle, points, signal, trained } = request
  const candidates = trained ? new Recorder(journal, trained, oracle, signal, points, 'trained') : recorder
  if (accuracy === undefined) return new Search(request, candidates, latency, sensitivities).run()
  const goal = await goalStage(request, accuracy, latency!, sensitivities, recorder)
  const found = { ...request, budget: { ...budget, latency: goal.latency } }
  const outcome = await new Search(found, candidates, latency, sensitivities).run()
  return { ...outcome, goal: { accuracy, ...goal } }
}

function checkRequest({ accuracy, budget, groups, oracle }: SearchRequest): void {
  if (kindsOf(budget).length === 0 && accuracy === undefined) {
    throw fail('usage', 'no-budget', 'The budget is empty.', 'Give at least one of latency, macs, params, bytes.')
  }
  if (groups.length === 0) {
    throw fail('input', 'nothing-to-prune', 'The network has no group that can be pruned.', 'See `lupine inspect`.')
  }
  if ((budget.latency !== undefined || accuracy !== undefined) && !oracle) {
    const hint = 'Name a device, or give the budget in macs, params or bytes.'
    throw fail('usage', 'latency-needs-device', 'A latency budget needs a device to measure on.', hint)
  }
}

/** Search and choice: what is the same in all rounds, and what they leave behind. */
class Search {
  private readonly method: SearchMethod
  private readonly evaluations: number
  private space: Space
  private readonly archive = new Archive()
  private readonly finalists: Finalist[] = []
  private readonly refined: RefinedPlan[] = []
  private margin: number
  private rounds = 0

  constructor(
    private readonly request: SearchRequest,
    private readonly recorder: Recorder,
    private readonly latency: LatencyKnowledge | undefined,
    private readonly sensitivities: Sensitivities,
  ) {
    const { method = 'igwo', options } = request
    this.method = method
    this.evaluations = options?.evaluations ?? 200
    this.margin = latency?.margin ?? 0
    this.space = planSpace(request, latency, sensitivities.loss)
  }

  async run(): Promise<SearchOutcome> {
    const { budget } = this.request
    // A latency below what even the smallest plan is predicted to need fails before anything is searched.
    assertReachable(this.space, this.problem(0).costs, budget)
    if (budget.latency === undefined) await this.search(this.evaluations, 'search')
    else await this.searchAndMeasure(budget.latency)
    // Before more is spent: is there one at all?
    const choices = this.choices()
    const front = await this.front()
    const baselines = { random: await this.baseline('random'), uniform: await this.baseline('uniform') }
    const chosen = await this.pick(choices)
    return outcomeOf(this.request, this.record(), baselines, front, chosen)
  }

  private record(): SearchRecord {
    const { method, archive, finalists, refined, margin, rounds, latency, sensitivities, recorder } = this
    return { method, archive, finalists, refined, margin, rounds, latency, sensitivities, recorder }
  }

  private problem(margin = this.margin): Problem {
    const { budget, costs } = this.request
    return { space: this.space, costs: withLatency(costs, this.latency, margin), budget }
  }

  private async searchAndMeasure(latency: number): Promise<void> {
    // A budget within the margin of the smallest plan is still worth measuring.
    const reachable = smallestReachable(this.space, this.problem(0).costs, ['latency']).latency!
    this.margin = Math.min(this.margin, latency - reachable)
    const shares = SHARES.slice(0, Math.max(1, this.request.options?.rounds ?? SHARES.length))
    shares[0] = shares[0]! + 1 - shares.reduce((sum, share) => sum + share, 0)
    for (let round = 0; round < shares.length + EXTRA_ROUNDS; round++) {
      const extra = round >= shares.length
      if (extra && fittest(this.finalists, latency)) return
      if (extra) this.margin = strictMargin(this.errors(), this.margin)
      if (!this.isReachable()) return
      const share = extra ? SHARES.at(-1)! : shares[round]!
      const left = extra ? Infinity : this.evaluations - this.archive.evaluations
      const last = round === shares.length - 1
      const count = last ? left : Math.min(left, Math.max(4, Math.round(share * this.evaluations)))
      if (count > 0) await this.search(count, round === 0 ? 'search' : 'choose')
      await this.measure()
      if (round < shares.length - 1) this.margin = correctedMargin(this.errors(), this.margin)
      this.rounds++
    }
  }

  /** What the finalists' measurements say of the predictions; see `correctedMargin`. */
  private errors(): number[] {
    return this.finalists.length === 0 ? [] : this.latency!.lastErrors(this.finalists.length)
  }

  private isReachable(): boolean {
    try {
      assertReachable(this.space, this.problem().costs, this.request.budget)
      return true
    } catch (error) {
      if (this.finalists.length === 0) throw error
      return false
    }
  }

  private async search(count: number, stage: SearchStage): Promise<void> {
    const problem = this.problem()
    const seeding = this.request.options?.seeding ?? true
    let seeds: Position[] | undefined = seeding ? undefined : []
    let known = 0
    if (this.rounds > 0 && seededMethods.has(this.method)) {
      seeds = elites(
        problem,
        this.archive,
        Math.ceil((this.request.options?.pack ?? defaultPack(count)) * 0.75),
        seeding,
      )
      // What was evaluated before is not paid for again.
      const keys = new Set(seeds.map((seed) => planKey(this.widthsAt(seed))))
      known = [...keys].filter((key) => this.archive.get(key)).length
    }
    const label = `search/${this.rounds}`
    const searcher = createSearcher(this.request, this.method, problem, count + known, label, seeds)
    await drive(searcher, this.recorder, (data, score, widths) =>
      this.report(stage, data, count + known, planData(this.request.groups, widths, this.latency, score)),
    )
    for (const { widths, fitness } of searcher.archive.state()) this.archive.record(widths, fitness, this.cost(widths))
  }

  private widthsAt(position: Position): Widths {
    const levels = this.space.dimensions.map((dimension, d) => Math.floor(position[d]! * dimension.levels.length))
    return widthsOf(this.space, levels)
  }

  /** The leading cost without margin. */
  private cost(widths: Widths): number {
    return leadingCost(this.problem(0), widths)
  }

  /** Measures the best plans, and lets the predictor and the space learn from them. */
  private async measure(): Promise<void> {
    const { latency, recorder, request } = this
    const found = await measureFinalists(
      this.problem(),
      this.archive,
      this.finalists,
      request.options?.finalists ?? 6,
      recorder,
      (widths) => latency!.predict(widths),
      ({ entry, predicted, measurement }, done, total) => {
        const plan = planData(request.groups, entry.widths, latency)
        const data = { fitness: entry.fitness, predicted, measured: measurement.ratio, ...plan }
        request.onProgress?.('choose', { done, total, detail: 'measuring the best plans', data })
      },
    )
    this.finalists.push(...found)
    latency!.learn(found.map(({ entry, measurement }) => ({ widths: entry.widths, ratio: measurement.ratio })))
    this.space = planSpace(request, latency, this.sensitivities.loss)
  }

  private front(): Promise<FrontPlan[]> {
    const { archive, finalists, recorder, request } = this
    const measured = new Map(finalists.map(({ entry, measurement }) => [entry.key, measurement]))
    const entries = archive.state().map((entry) => ({ ...entry, cost: this.cost(entry.widths) }))
    return frontStage(this.problem(0), entries, measured, recorder, (done, total, { widths, ...figures }) => {
      const data = { ...figures, ...planData(request.groups, widths, this.latency) }
      request.onProgress?.('choose', { done, total, detail: 'measuring the front', data })
    })
  }

  private async baseline(method: 'random' | 'uniform'): Promise<Baseline> {
    if (method === this.method) {
      const [best] = this.archive.best(1)
      return { fitness: best?.fitness, evaluations: this.archive.evaluations, ...(best && { widths: best.widths }) }
    }
    const count = this.request.options?.baselineEvaluations ?? Math.max(10, Math.round(this.evaluations / 4))
    const searcher = createSearcher(this.request, method, this.problem(), count, `baseline/${method}`)
    await drive(searcher, this.recorder, (data) => this.report('choose', data, count))
    const [best] = searcher.archive.best(1)
    return { fitness: best?.fitness, evaluations: searcher.archive.evaluations, ...(best && { widths: best.widths }) }
  }

  private report(stage: SearchStage, data: SearchProgress, total: number, plan = {}): void {
    const detail = `${data.method}: best ${data.best.toPrecision(4)}`
    // Live views draw the prediction itself; only the budget is held against it with the margin.
    const predicted = (cost: number): object => (this.latency ? { predicted: cost - this.margin } : {})
    const leaders = data.leaders.map((leader) => ({ ...leader, ...predicted(leader.cost) }))
    const shown = {
      ...data,
      ...plan,
      ...predicted(data.cost),
      leaders,
      budget: this.request.budget.latency,
      margin: this.margin,
    }
    this.request.onProgress?.(stage, { done: data.evaluation, total, detail, data: shown })
  }

  /**
   * Plans that meet the budget, best first; for latency by measurement.
   * @throws LupineError 'input'/'budget-unreachable'; 'work'/'nothing-evaluated'
   */
  private choices(): Choice[] {
    const { archive, finalists } = this
    const { latency } = this.request.budget
    if (archive.evaluations === 0 || (latency !== undefined && finalists.length === 0)) {
      const hint = 'Use another method, raise the budget, or allow more groups to be pruned.'
      throw fail('work', 'nothing-evaluated', `The method ${this.method} found no plan on the budget.`, hint)
    }
    if (latency === undefined) return archive.best(this.evaluations).map((entry) => ({ entry, finalist: undefined }))
    const chosen = meeting(finalists, latency)
    if (chosen.length > 0) return chosen.map((finalist) => ({ entry: finalist.entry, finalist }))
    const reached: Budget = { latency: Math.min(...finalists.map(({ measurement }) => measurement.ratio)) }
    throw budgetUnreachable({ latency }, reached, 'was measured on the device')
  }

  /** The best of them: by fitness, or of the best few by what a short fine-tuning makes of them. */
  private async pick(choices: readonly Choice[]): Promise<Choice> {
    const { refiner, options, onProgress } = this.request
    const some = choices.slice(0, options?.refined ?? Math.ceil(this.evaluations / 10))
    if (!refiner || some.length < 2) return choices[0]!
    for (const [i, { entry }] of some.entries()) {
      const detail = `plan ${i + 1} of ${some.length}, by fitness`
      onProgress?.('refine', { done: i, total: some.length, detail })
      const refined = await this.recorder.refine(refiner, entry.widths)
      this.refined.push({ widths: entry.widths, fitness: entry.fitness, refined })
      const data = { fitness: entry.fitness, refined: refined.divergence }
      onProgress?.('refine', { done: i + 1, total: some.length, detail, data })
    }
    const best = Math.min(...this.refined.map(({ refined }) => refined.divergence))
    return some[this.refined.findIndex(({ refined }) => refined.divergence === best)]!
  }
}
