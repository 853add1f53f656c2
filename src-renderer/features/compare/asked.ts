import type { JobView } from '../../stores/job-view'
import type { Workspace } from '../../stores/workspace'

/** The images and the board of a run, as the program named them; else those of this session. */
export interface Asked {
  readonly data: string
  readonly device: string
}

export function askedOf({ request }: JobView, workspace: Workspace): Asked {
  const { data, device } = (request ?? {}) as { data?: unknown; device?: unknown }
  return {
    data: typeof data === 'string' ? data : workspace.data || 'sample',
    device: typeof device === 'string' ? device : workspace.device || 'local',
  }
}
