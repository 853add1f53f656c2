import type { LatencyGroup } from '../latency/table'
import { groupSignature, layersOf, type Subject } from './subject'

/** The groups a search decides on, as the latency table sees them. */
export function latencyGroups(subject: Subject): LatencyGroup[] {
  return subject.dimensions.map((group) => {
    const branch = subject.branches.find((candidate) => candidate.groups.includes(group.id))
    return {
      id: group.id,
      channels: group.channels,
      signature: groupSignature(subject, group),
      removable: branch !== undefined,
      ...(branch ? { branch: branch.id } : {}),
      layers: layersOf(subject, group).map(({ name }) => name),
    }
  })
}
