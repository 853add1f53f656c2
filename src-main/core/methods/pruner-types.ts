import type { LatencyGroup, LatencyTable } from '../latency/table'
import type {
  Cancellation,
  Evaluator,
  Journal,
  LatencyMeasurement,
  LatencyOracle,
  Progress,
  Refiner,
  Widths,
} from '../ports'
import type { HistoryPoint } from '../search/archive'
import type { Budget, CostKind, CostModel } from '../search/budget'
import type { Sensitivity } from '../search/sensitivity'
import type { Decay } from '../search/wolf-moves'

/** The improved grey wolf optimizer and its rivals; see core/search. */
export type SearchMethod = 'igwo' | 'gwo' | 'abc' | 'de' | 'knapsack' | 'netadapt' | 'random' | 'uniform'

/** Those that start from plans they are given: later rounds of a search go on from the best so far. */
export const seededMethods: ReadonlySet<SearchMethod> = new Set(['igwo', 'gwo', 'abc', 'de', 'knapsack'])
export type SearchStage = 'latency' | 'sensitivity' | 'goal' | 'search' | 'choose' | 'refine'

export interface SearchRequest {
  /** Groups to prune, in graph order. */
  readonly groups: readonly LatencyGroup[]
  readonly budget: Budget
  /** Top-1 to keep, instead of a latency budget: the fastest plan that has it is looked for. Needs a refiner. */
  readonly accuracy?: number
  /** For 'macs', 'params' and 'bytes'; 'latency' is never asked. Called 10⁴ to 10⁵ times: keep it below 50 µs. */
  readonly costs: CostModel
  readonly evaluator: Evaluator
  /** Scores the search's candidates after training each, in place of `evaluator`; the sensitivities stay without. */
  readonly trained?: Evaluator
  readonly journal: Journal
  /** Needed when the budget bounds the latency, else not used. */
  readonly oracle?: LatencyOracle
  /** For the points of the latency table: may remember what was measured before. `oracle` when absent. */
  readonly points?: LatencyOracle
  /** The device is another computer: this one evaluates while it measures. */
  readonly apart?: boolean
  /** Chooses among the best plans by fine-tuning each for a short while; without it the fitness alone does. */
  readonly refiner?: Refiner
  readonly seed: number
  readonly method?: SearchMethod
  readonly options?: SearchOptions
  readonly onProgress?: (stage: SearchStage, progress: Progress) => void
  readonly signal?: Cancellation
}

export interface SearchOptions {
  /** Distinct plans the method may have evaluated, beyond the sensitivities. Default 200. */
  readonly evaluations?: number
  readonly pack?: number
  /** Widths on offer: those whose time is known (default), or tenths of the channels, as ABCPruner's. */
  readonly widths?: 'measured' | 'tenths'
  /** Of 'uniform': what widths become multiples of. Default 1, 8 and 16. */
  readonly roundings?: readonly number[]
  /** Starts from the sensitivities (default), or at random. */
  readonly seeding?: boolean
  readonly decay?: Decay
  /** Of the random baseline. Default a quarter of `evaluations`, at least 10. */
  readonly baselineEvaluations?: number
  /** Parts of the channels at which each group's sensitivity is evaluated. Default 1/8, 1/4, 1/2, 3/4. */
  readonly sensitivityAt?: readonly number[]
  /** Whole networks measured to correct the table. Default 16. */
  readonly calibrationPlans?: number
  /** Most widths measured per staircase. Default 64. */
  readonly tableWidths?: number
  /** Passes in which points of the table that are in doubt are measured again. Default none. */
  readonly refinements?: number
  /** Plans that are fine-tuned briefly. Default a tenth of `evaluations`. */
  readonly refined?: number
  /** Plans measured per round of the choice. Default 6. */
  readonly finalists?: number
  /** Rounds of measuring, correcting the margin and searching on. Default 3. */
  readonly rounds?: number
}

export interface HistoryEntry extends HistoryPoint {
  /** Predicted latency ratio of the best, or the first budgeted cost without a latency budget. */
  readonly cost: number
}

/** A plan of the front: over the measured latency ratio, or over the first budgeted cost. */
export interface FrontPlan {
  readonly widths: Widths
  readonly fitness: number
  readonly cost: number
  /** Latency ratios; absent without a latency budget. */
  readonly predicted?: number
  readonly measured?: number
}

export interface Baseline {
  /** Best fitness; undefined where no plan of the kind meets the budget. */
  readonly fitness: number | undefined
  /** Distinct plans it had evaluated. */
  readonly evaluations: number
  readonly widths?: Widths
}

/** How well a cheaper score ranks plans as the dearer one does that it stands for. */
export interface ProxyCheck {
  /** Plans scored both ways. */
  readonly plans: number
  /** Spearman's rank correlation; null where there is nothing to rank. */
  readonly spearman: number | null
}

export interface Fidelity {
  /** Divergence on a few images, against that on all; `dropped` plans lost their race on the few. */
  readonly fewImages: ProxyCheck & { readonly dropped: number }
  /** Fitness (on all images, no training), and divergence on a few images, against fitness after a short fine-tuning. */
  readonly refined: { readonly fitness: ProxyCheck; readonly fewImages: ProxyCheck }
}

export interface ChosenPlan {
  readonly widths: Widths
  /** Mean KL divergence from the original, nats. */
  readonly fitness: number
  /** The same after a short fine-tuning, where that chose it. */
  readonly refined?: number
  /** On seen images: no estimate of accuracy. */
  readonly top1: number | undefined
  /** Fractions of the original, for all kinds but latency. */
  readonly costs: Readonly<Partial<Record<CostKind, number>>>
  /** Latency ratios; undefined without a latency budget. `predicted` is without margin. */
  readonly predicted: number | undefined
  readonly measured: number | undefined
  readonly measurement: LatencyMeasurement | undefined
}

/** Predicted and measured latency ratio of a plan, each predicted before it was measured; 'random' = of calibration. */
export interface PredictionCheck {
  readonly kind: 'random' | 'chosen'
  readonly widths: Widths
  readonly predicted: number
  readonly measured: number
}

/** Plain JSON. */
export interface SearchOutcome {
  readonly method: SearchMethod
  readonly seed: number
  readonly chosen: ChosenPlan
  /** What the method spent of its evaluations (extra rounds included). */
  readonly evaluations: number
  /** Distinct plans among them: the same number, since a plan met again is not evaluated again. */
  readonly distinct: number
  /** Distinct plans evaluated in the whole run: sensitivities and baselines too. */
  readonly scored: number
  readonly history: readonly HistoryEntry[]
  readonly front: readonly FrontPlan[]
  readonly baselines: { readonly random: Baseline; readonly uniform: Baseline }
  /** Fitness of the untouched network after recalibration: the zero of the sensitivities. */
  readonly untouched: number
  readonly sensitivities: readonly Sensitivity[]
  /** Divergence added by removing a branch, per branch. */
  readonly removals: Readonly<Record<string, number>>
  readonly table: LatencyTable | undefined
  readonly checks: readonly PredictionCheck[]
  /** Where an accuracy was asked for: the latency ratio it was found to allow, and top-1 at it after a short training. */
  readonly goal?: { readonly accuracy: number; readonly latency: number; readonly top1: number }
  readonly fidelity: Fidelity
  /** Latency ratio kept in reserve by the end. */
  readonly margin: number
  readonly rounds: number
}
