import { kindsOf } from '../../../core/search/budget'
import type { Target } from '../../../core/methods/registry'
import type { RunScene } from '../scene'

/** What a run is asked to come down to. */
export const targetOf = ({ budget, keep }: RunScene['request']): Target => ({
  ...Object.fromEntries(kindsOf(budget).map((kind) => [kind, budget[kind]!])),
  ...(keep !== undefined && { keep }),
})
