import type { LatencyTable } from '../latency/table'
import type { LayerFacts, LayerSide } from './facts'
import { readStep, type StepReading } from './steps'

/** Why a layer's time did, or did not, follow its MACs. */
export type Cause =
  /** It saved what its MACs promised, or more. */
  | { readonly kind: 'as-expected'; readonly step: (StepReading & { readonly group: string }) | undefined }
  | { readonly kind: 'removed' }
  /** Its MACs are what they were. */
  | { readonly kind: 'not-pruned' }
  /** It has none: it moves data. */
  | { readonly kind: 'no-macs' }
  | { readonly kind: 'off-critical-path' }
  /** What ran inside it before runs as kernels of its own now. */
  | { readonly kind: 'fusion-lost'; readonly ops: readonly string[]; readonly ms: number }
  /** `floor`: what the shortest kernels of this device take, ms. */
  | { readonly kind: 'launch-bound'; readonly floor: number }
  /** `rate`: bytes per ms that it moves. */
  | { readonly kind: 'memory-bound'; readonly rate: number }
  | { readonly kind: 'off-step'; readonly step: StepReading & { readonly group: string } }
  /** Conversions between layouts in front of it. */
  | { readonly kind: 'layout-conversions'; readonly ms: number }
  | { readonly kind: 'slower-kernel'; readonly from: string; readonly to: string }
  /** MACs per ms, of before and after. */
  | { readonly kind: 'less-efficient'; readonly from: number; readonly to: number }

export interface Judged {
  readonly facts: LayerFacts
  readonly cause: Cause
  /** ms by which the layer saved less than its MACs promised; negative where it saved more. */
  readonly shortfall: number
  /** A width of a group it works on that is faster: ms that the whole network saves with it. */
  readonly better:
    { readonly group: string; readonly from: number; readonly kept: number; readonly ms: number } | undefined
  /** Extra ms of conversions in front of it and kernels of its own, whatever the cause. */
  readonly inserted: number
}

/** What a device can do at best, as seen in the two networks' own layers (a roofline; Williams et al., CACM 52(4), 2009). */
export interface DeviceLimits {
  /** ms of the shortest kernels: what starting one takes. */
  readonly floor: number
  /** Most bytes per ms, and most MACs per ms, that any layer reached. */
  readonly bytesRate: number
  readonly macsRate: number
}

/** What of a latency table is needed here. */
export type Staircases = Pick<LatencyTable, 'groups' | 'staircases'>

export interface JudgeOptions {
  /** ms of the unpruned network, end to end. */
  readonly total: number
  /** Staircases; without them no width can be called off the step. */
  readonly table?: Staircases | undefined
}

/** Share of the saving promised by the MACs that may be missing, and of the network's time that is not worth a word. */
const tolerated = 0.2
const trifle = 0.002
/** A cause is the cause when it explains this share of what is missing. */
const most = 0.5

/** One cause per layer, in the order of the layers. */
export function judgeLayers(layers: readonly LayerFacts[], options: JudgeOptions): Judged[] {
  const limits = limitsOf(layers)
  return layers.map((facts) => {
    const { before, after } = facts
    const promised = before.macs > 0 ? before.ms * (1 - after.macs / before.macs) : 0
    const shortfall = promised - (before.ms - after.ms)
    const steps = stepsOf(facts, options.table)
    const cause = causeOf(facts, shortfall, promised, steps, limits, options.total)
    const inserted = insertedMs(after) - insertedMs(before)
    return {
      facts,
      cause,
      shortfall,
      inserted,
      better: advises(cause) ? betterOf(facts, steps, options.total) : undefined,
    }
  })
}

/** What the device reached in these layers, before or after. Floor: the median of the shortest tenth of the kernels. */
export function limitsOf(layers: readonly LayerFacts[]): DeviceLimits {
  const sides = layers.flatMap(({ before, after }) => [before, after])
  const times = sides.flatMap(({ kernels }) => kernels.map(({ median }) => median)).sort((a, b) => a - b)
  const floor = times[Math.floor(times.length / 20)] ?? 0
  const rate = (read: (side: LayerSide) => number): number =>
    Math.max(0, ...sides.flatMap((side) => (side.ms > 0 ? [read(side) / side.ms] : [])))
  return { floor, bytesRate: rate(({ bytes }) => bytes), macsRate: rate(({ macs }) => macs) }
}

type Step = StepReading & { readonly group: string }

function causeOf(
  { before, after, removed, critical }: LayerFacts,
  shortfall: number,
  promised: number,
  steps: readonly Step[],
  { floor, bytesRate, macsRate }: DeviceLimits,
  total: number,
): Cause {
  if (removed) return { kind: 'removed' }
  if (before.macs === 0) return { kind: 'no-macs' }
  const doubt = Math.max(trifle * total, 2 * Math.hypot(before.noise, after.noise))
  const pruned = after.macs < before.macs
  if (!pruned && shortfall <= Math.max(doubt, tolerated * before.ms)) return { kind: 'not-pruned' }
  if (pruned && shortfall <= Math.max(doubt, tolerated * promised)) return { kind: 'as-expected', step: steps[0] }
  if (!critical) return { kind: 'off-critical-path' }

  const alone = extraKernels(before, after)
  const aloneMs = alone.reduce((sum, { median }) => sum + median, 0)
  if (aloneMs >= most * shortfall) return { kind: 'fusion-lost', ops: alone.map(({ op }) => op), ms: aloneMs }

  const conversions = insertedMs(after) - insertedMs(before)
  const [from, to] = [kernelOf(before), kernelOf(after)]
  const another: Cause | undefined = from && to && from !== to ? { kind: 'slower-kernel', from, to } : undefined
  const converting: Cause | undefined =
    conversions >= most * shortfall ? { kind: 'layout-conversions', ms: conversions } : undefined
  // Its widths are what they were; what is around it is not.
  if (!pruned) return converting ?? another ?? { kind: 'not-pruned' }

  if (floor * after.kernels.length >= most * after.ms) return { kind: 'launch-bound', floor }

  const off = [...steps].filter((step) => step.off).sort((a, b) => b.gain - a.gain)[0]
  const rates = { bytes: after.bytes / after.ms, macs: after.macs / after.ms }
  const fewer = (1 - after.bytes / before.bytes) / (1 - after.macs / before.macs)
  // Near the most bytes per ms seen, far from the most MACs per ms, and with bytes that did not fall as the MACs did.
  const memory = rates.bytes >= 0.5 * bytesRate && rates.macs <= 0.5 * macsRate && fewer < 1 - tolerated
  if (memory && !(off && off.gain > 0)) return { kind: 'memory-bound', rate: rates.bytes }

  if (off) return { kind: 'off-step', step: off }
  const known = converting ?? another
  if (known) return known
  return { kind: 'less-efficient', from: before.macs / before.ms, to: rates.macs }
}

const advises = ({ kind }: Cause): boolean =>
  ['off-step', 'less-efficient', 'slower-kernel', 'layout-conversions', 'memory-bound', 'fusion-lost'].includes(kind)

const insertedMs = ({ kernels }: LayerSide): number =>
  kernels.reduce((sum, { inserted, median }) => sum + (inserted ? median : 0), 0)

/** Kernels of the layer's own beyond those it had: what was fused before. */
function extraKernels(before: LayerSide, after: LayerSide) {
  const own = ({ kernels }: LayerSide) => kernels.filter(({ inserted }) => !inserted)
  if (own(after).length <= own(before).length) return []
  const had = own(before).map(({ op }) => op)
  const main = own(after).reduce((a, b) => (b.median > a.median ? b : a))
  return own(after).filter((kernel) => {
    if (kernel === main) return false
    const at = had.indexOf(kernel.op)
    if (at >= 0) had.splice(at, 1)
    return at < 0
  })
}

/** The kernel that multiplies, as the runtime calls it: its operator, and the layout where its name tells. */
function kernelOf({ kernels }: LayerSide): string | undefined {
  const main = kernels.filter(({ inserted }) => !inserted).sort((a, b) => b.median - a.median)[0]
  if (!main) return undefined
  return main.name.endsWith('_nchwc') ? `${main.op} in blocked layout` : main.op
}

/** Its pruned groups against their staircases. */
function stepsOf({ groups }: LayerFacts, table: Staircases | undefined): Step[] {
  return groups.flatMap(({ id, kept, channels }) => {
    const signature = table?.groups.find((group) => group.id === id)?.signature
    const staircase = table?.staircases[signature ?? '']
    const step = staircase && kept > 0 && kept < channels ? readStep(staircase, kept) : undefined
    return step ? [{ ...step, group: id }] : []
  })
}

function betterOf({ groups }: LayerFacts, steps: readonly Step[], total: number): Judged['better'] {
  const [best] = steps
    .flatMap(({ group, kept, better }) =>
      better ? [{ group, from: kept, kept: better.kept, ms: better.saved * total }] : [],
    )
    .sort((a, b) => distance(a, groups) - distance(b, groups))
  return best
}

/** In parts of the group's channels, so that groups of different widths compare. */
function distance({ group, from, kept }: { group: string; from: number; kept: number }, groups: LayerFacts['groups']) {
  return Math.abs(from - kept) / groups.find(({ id }) => id === group)!.channels
}
