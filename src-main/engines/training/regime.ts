import { fail } from '../../core/failure'
import { findGroups, type CoupledGroup } from '../../core/coupling/groups'
import {
  maskFactors,
  multiplied,
  nextMasks,
  type AxisFactors,
  type PrunedUnits,
} from '../../core/methods/filters/masks'
import { filterStep } from '../../core/methods/filters/schedule'
import type { Network } from '../../core/graph/network'
import type { PrunedRecord, PruningRegime } from '../interface'
import { fromGraph, toGraph } from '../compiler/layout'
import type { OptimizerOptions } from '../compiler/optimizer'
import { prepare } from '../compiler/prepare'
import type { Checkpoint } from './checkpoint'
import type { LoadedModel, Values } from './model'

/** A pruning method's part in a training. */
export interface Regime {
  /** What it asks of the optimizer. */
  readonly options: Pick<OptimizerOptions, 'masked' | 'sparsity'>
  /** Before the first epoch. */
  begin(model: LoadedModel): void
  /** Before going on from a checkpoint, whose weights and velocities are in the model. */
  resume(model: LoadedModel, checkpoint: Checkpoint): void
  /** @param epoch from 0 */
  afterEpoch(model: LoadedModel, epoch: number): PrunedRecord
  /** For the checkpoint; plain JSON. */
  state(): unknown
  /** Units pruned, by group. */
  pruned(): Record<string, readonly number[]>
}

/** @throws LupineError input 'group-unknown' */
export function openRegime(regime: PruningRegime, given: Network): Regime {
  return regime.kind === 'filters' ? new FilterRegime(regime, given) : new ScaleRegime(regime)
}

type Filters = Extract<PruningRegime, { kind: 'filters' }>

/** See core/methods/filters. */
class FilterRegime implements Regime {
  readonly options
  private readonly groups: readonly CoupledGroup[]
  private masks = new Map<string, PrunedUnits>()

  constructor(
    private readonly regime: Filters,
    given: Network,
  ) {
    const network = prepare(given)
    const all = new Map(findGroups(network).groups.map((group) => [group.id, group]))
    this.groups = regime.groups.map((id) => {
      const group = all.get(id)
      if (group) return group
      throw fail('input', 'group-unknown', `The network has no group "${id}".`, 'lupine inspect lists them.')
    })
    const whole = new Map(this.groups.map(({ id, channels }) => [id, everyUnit(channels)]))
    const all0 = maskFactors(network, this.groups, whole, 0)
    this.options =
      regime.schedule.hard === 'never' ? {} : { masked: new Map([...all0].map(([name, { axis }]) => [name, axis])) }
  }

  begin(model: LoadedModel): void {
    this.apply(model, 0)
  }

  resume(model: LoadedModel, { network, velocities, regime }: Checkpoint): void {
    this.masks = new Map(Object.entries(regime as Record<string, PrunedUnits>))
    model.write(network, velocities, this.gradientMasks(model, network))
  }

  afterEpoch(model: LoadedModel, epoch: number): PrunedRecord {
    return this.apply(model, epoch)
  }

  state(): unknown {
    return Object.fromEntries(this.masks)
  }

  pruned(): Record<string, readonly number[]> {
    return Object.fromEntries([...this.masks].map(([id, { soft }]) => [id, soft]))
  }

  private apply(model: LoadedModel, epoch: number): PrunedRecord {
    const step = filterStep(this.regime.schedule, epoch)
    const network = model.read()
    this.masks = nextMasks(network, this.groups, step, this.masks, this.regime.parts)
    const masked = multiplied(network, maskFactors(network, this.groups, this.masks, step.alpha))
    // Momentum goes on for soft filters, which is what brings them back; for hard ones it ends.
    const velocities = inGraph(model, model.readVelocities(), (each) => multiplied(each, this.hardFactors(network)))
    model.write(masked, velocities, this.gradientMasks(model, network))
    const count = (kind: keyof PrunedUnits) =>
      [...this.masks.values()].reduce((sum, each) => sum + each[kind].length, 0)
    return { ...step, soft: count('soft'), hard: count('hard') }
  }

  /** 0 for what is hard, 1 elsewhere. */
  private hardFactors(network: Network): Map<string, AxisFactors> {
    const hard = new Map([...this.masks].map(([id, units]) => [id, { soft: [], hard: units.hard }]))
    return maskFactors(network, this.groups, hard, 1)
  }

  private gradientMasks(model: LoadedModel, network: Network): Map<string, Float32Array> {
    const factors = this.hardFactors(network)
    const masks = model.compiled.training?.masks ?? new Map<string, unknown>()
    return new Map([...masks.keys()].map((name) => [name, Float32Array.from(factors.get(name)!.factors)]))
  }
}

const everyUnit = (channels: number): PrunedUnits => {
  const units = Array.from({ length: channels }, (_, unit) => unit)
  return { soft: units, hard: units }
}

/** Changes values that are in the graph's layout where they are a network's. */
function inGraph(model: LoadedModel, values: Values, change: (network: Network) => Network): Map<string, Float32Array> {
  const { network, variables } = model.compiled
  const own = variables.filter(({ tensor, owner }) => owner === 'network' && values.has(tensor))
  const initializers = new Map(network.initializers)
  for (const { tensor, shape, layout } of own)
    initializers.set(tensor, { type: 'float32', shape, data: fromGraph(values.get(tensor)!, shape, layout) })
  const changed = change({ ...network, initializers }).initializers
  return new Map(own.map(({ tensor, shape, layout }) => [tensor, toGraph(changed.get(tensor)!.data, shape, layout)]))
}

type Scales = Extract<PruningRegime, { kind: 'scales' }>

/** The optimizer does the work; this counts. */
class ScaleRegime implements Regime {
  readonly options

  constructor(private readonly regime: Scales) {
    this.options = { sparsity: { step: regime.step, strengths: regime.strengths } }
  }

  begin(): void {}

  resume(): void {}

  afterEpoch(model: LoadedModel): PrunedRecord {
    const { initializers } = model.read()
    const scales = Object.keys(this.regime.strengths).flatMap((name) =>
      Array.from(initializers.get(name)!.data, Number),
    )
    const part = (test: (scale: number) => boolean) => scales.filter(test).length / scales.length
    return { zero: part((scale) => scale === 0), small: part((scale) => Math.abs(scale) < 0.01) }
  }

  state(): unknown {
    return undefined
  }

  pruned(): Record<string, readonly number[]> {
    return {}
  }
}
