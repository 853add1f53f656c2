import { findGroups } from '../coupling/groups'
import type { Network } from '../graph/network'
import { isOfSelection, selectableNorms, selectionBefore, withSelections } from '../graph/selections'

/**
 * The network with a channel selection before every BN that reads a stream or a Concat and whose channels could then be
 * pruned by themselves. What the stream carries stays whole.
 * @returns the same network where there is no such place
 */
export function insertSelections(network: Network): Network {
  const norms = selectableNorms(network)
  if (norms.length === 0) return network
  const trial = withSelections(network, new Set(norms))
  const useful = new Set(
    findGroups(trial).groups.flatMap((group) => (group.prunable && !group.stream ? [group.id] : [])),
  )
  const own = norms.filter((norm) => useful.has(selectionBefore(norm)))
  return own.length > 0 ? withSelections(network, new Set(own)) : network
}

/** The network that a plan is of: with selections where the plan names any. */
export const networkOfPlan = (network: Network, ids: Iterable<string>): Network =>
  [...ids].some(isOfSelection) ? insertSelections(network) : network
