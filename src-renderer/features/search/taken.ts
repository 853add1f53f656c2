import { jobs, type JobResult } from '../../../src-main/contract'
import type { JobView } from '../../stores/job-view'

/** What taking a plan came to; undefined while it has not. */
export function takenOf({ output }: JobView): JobResult<'take'> | undefined {
  const parsed = output === undefined ? undefined : jobs.take.result.safeParse(output)
  return parsed?.success ? parsed.data : undefined
}
