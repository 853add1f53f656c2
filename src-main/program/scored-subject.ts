import { findGroups } from '../core/coupling/groups'
import type { Network } from '../core/graph/network'
import type { Journal, Progress } from '../core/ports'
import { criterionNamed } from '../core/pruning/criteria'
import { createSubject, type Subject } from '../core/pruning/subject'
import { saveVectors, vectorsFromJson, vectorsToJson } from '../formats/vectors'
import type { JobContext } from '../runs/job'
import { groupsNamed } from './group-names'
import { scoreNetwork, type CriterionRequest } from './importance'

export interface ScoredSubject {
  readonly subject: Subject
  readonly warnings: readonly string[]
}

/**
 * The cleaned original as a subject, its units scored on the network that is worked on. The two have the same groups:
 * BN put back adds none. Scores that depend on data are journalled, since the seed does not determine them.
 * @param working with BN put back, or the original itself
 * @param file receives the importance, for other processes
 * @throws LupineError as scoreNetwork; 'group-unknown'; 'journal-differs'; 'not-written'
 */
export async function scoredSubject(
  original: Network,
  working: Network,
  request: CriterionRequest & { readonly exclude: readonly string[]; readonly streams: boolean },
  journal: Journal,
  file: string,
  onProgress: (progress: Progress) => void,
  job: JobContext,
): Promise<ScoredSubject> {
  const score = async () => {
    const { importance, warnings } = await scoreNetwork(findGroups(working), request, onProgress, job)
    return { importance: vectorsToJson(importance), warnings }
  }
  const determined = working === original && !criterionNamed(request.criterion).needs
  const scored = determined ? await score() : await journal.record('importance', request.criterion, score)
  const importance = vectorsFromJson(scored.importance)
  await saveVectors(file, importance)
  const coupling = findGroups(original)
  const exclude = groupsNamed(coupling, request.exclude, '--exclude')
  return {
    subject: createSubject(original, { coupling, importance, exclude, streams: request.streams }),
    warnings: scored.warnings,
  }
}
