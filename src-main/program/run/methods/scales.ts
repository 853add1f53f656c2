import type { CoupledGroup } from '../../../core/coupling/groups'
import { fail } from '../../../core/failure'
import type { Network } from '../../../core/graph/network'
import { batchScales, type Importance } from '../../../core/pruning/criteria'
import { unitMeans } from '../../../core/pruning/units'
import type { MethodScene } from './method'

/** Groups whose channels go through BN: those that methods which look at its scales can prune. */
export const normedGroups = (network: Network, groups: readonly CoupledGroup[]): CoupledGroup[] =>
  groups.filter((group) => batchScales(network, group).length > 0)

/** @throws LupineError input 'method-needs-norms' before anything is trained */
export function needNorms({ working, groups, request, job }: MethodScene): void {
  const normed = normedGroups(working.network, groups)
  if (normed.length === 0)
    throw fail(
      'input',
      'method-needs-norms',
      `${request.method} looks at the scales of batch normalisation, and no channel of ${request.model} that could be pruned goes through one.`,
      'Leave --bn away, so that BN is put back by calibration images, or use l1, fpgm or one of the filter methods.',
    )
  const without = groups.length - normed.length
  if (without > 0)
    job.note('info', `${without} of ${groups.length} groups go through no batch normalisation and stay whole.`)
}

/** Names of the scales of some groups. */
export const scaleNames = (network: Network, groups: readonly CoupledGroup[]): string[] => [
  ...new Set(groups.flatMap((group) => batchScales(network, group).map(({ tensor }) => tensor))),
]

/** Mean |γ| of each unit over the BN it goes through. */
export function meanScales(network: Network, group: CoupledGroup): Importance {
  const magnitudes = (tensor: string) =>
    Float64Array.from(network.initializers.get(tensor)!.data, (value) => Math.abs(Number(value)))
  return unitMeans(
    group.channels,
    batchScales(network, group).map(({ tensor, units }) => ({ units, values: magnitudes(tensor) })),
  )
}

export const channelsOf = (groups: readonly CoupledGroup[]): number =>
  groups.reduce((sum, { channels }) => sum + channels, 0)
