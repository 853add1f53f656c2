import type { Widths } from '../ports'

export const costKinds = ['latency', 'macs', 'params', 'bytes'] as const
export type CostKind = (typeof costKinds)[number]

/** Upper bounds, as fractions of the original. */
export type Budget = Readonly<Partial<Record<CostKind, number>>>

/** What a plan costs, as a fraction of the original; for latency, prediction + margin. Called often: keep it fast. */
export interface CostModel {
  cost(kind: CostKind, widths: Widths): number
}

/** The kinds a budget bounds, in the fixed order. */
export const kindsOf = (budget: Budget): CostKind[] => costKinds.filter((kind) => budget[kind] !== undefined)

/** How far a plan is beyond its budget in the worst kind, relative to the bound; ≤ 0 when it fits. */
export function excess(costs: CostModel, budget: Budget, widths: Widths): number {
  return Math.max(...kindsOf(budget).map((kind) => costs.cost(kind, widths) / budget[kind]! - 1))
}

/**
 * The part of a latency budget that plans are held to: a measurement repeated later scatters by about half a percent,
 * and what is to hold then must be met with that to spare.
 */
export const measuredGuard = 0.99

export const fits = (costs: CostModel, budget: Budget, widths: Widths): boolean => excess(costs, budget, widths) <= 0
