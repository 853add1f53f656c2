import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { CallResult, FileEntry } from '../../src-main/contract'
import type { Failure } from '../../src-main/core/failure'
import { useClient } from './client'
import { useFiles } from './files'
import { useJobs } from './jobs'

export type RecentProject = CallResult<'projects.recent'>['projects'][number]

/** Folders of runs: opened to be looked at, whoever writes them, and gone on with where nobody does. */
export const useProjects = defineStore('projects', () => {
  const client = useClient()
  const files = useFiles()
  const jobs = useJobs()
  const recent = shallowRef<readonly RecentProject[]>([])
  const failure = shallowRef<Failure>()
  const busy = ref(false)

  async function lookForRecent(): Promise<void> {
    const result = await client.call('projects.recent', {})
    if (result.ok) recent.value = result.value.projects
  }

  /** @returns whether it is shown from now on; if not, `failure` says why */
  async function open({ id }: Pick<FileEntry, 'id'>): Promise<boolean> {
    busy.value = true
    const result = await client.call('projects.open', { project: id }).finally(() => (busy.value = false))
    const failed = result.ok ? (result.value.job === null ? nothingIn : undefined) : result.failure
    failure.value = failed
    if (!result.ok || result.value.job === null) return false
    await jobs.show(result.value.job)
    return true
  }

  async function openPath(path: string): Promise<boolean> {
    const found = await files.find(path)
    if (found.ok) return open(found.value)
    failure.value = found.failure
    return false
  }

  /** Through the system's dialog. */
  async function pick(): Promise<boolean> {
    const picked = await files.pick({ want: 'folder', title: 'Open a project' })
    failure.value = picked.ok ? undefined : picked.failure
    return picked.ok && picked.value !== undefined && open(picked.value)
  }

  return { recent, failure, busy, lookForRecent, open, openPath, pick }
})

const nothingIn: Failure = {
  kind: 'input',
  code: 'project-empty',
  message: 'This project was made, but nothing has been done in it yet.',
  hint: 'Resume it in a terminal: lupine resume, and its folder.',
}
