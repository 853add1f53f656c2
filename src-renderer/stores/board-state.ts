import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { CallResult } from '../../src-main/contract'
import type { Failure } from '../../src-main/core/failure'
import { useClient } from './client'
import { useConnection } from './connection'
import { useJobs } from './jobs'
import { useWorkspace } from './workspace'

const everyMs = 3000

/** What the chosen board does while nothing runs on it: asked for every few seconds, as long as somebody wants to see it. */
export const useBoardState = defineStore('board-state', () => {
  const client = useClient()
  const connection = useConnection()
  const jobs = useJobs()
  const { workspace } = useWorkspace()
  const wanted = ref(false)
  const found = shallowRef<CallResult<'devices.state'>>()
  const failure = shallowRef<Failure>()
  /** A job may measure, and looking would disturb it. */
  const waits = computed(() => jobs.live !== undefined)
  const looks = computed(() => wanted.value && connection.isOpen && !waits.value && workspace.device !== '')
  let timer: ReturnType<typeof setTimeout> | undefined

  async function look(): Promise<void> {
    const { device } = workspace
    const result = await client.call('devices.state', { device })
    if (!looks.value || device !== workspace.device) return
    failure.value = result.ok ? undefined : result.failure
    found.value = result.ok ? result.value : undefined
    // What cannot be told now is not asked for again until somebody wants it anew.
    if (result.ok && result.value.state) timer = setTimeout(() => void look(), everyMs)
  }

  watch(
    () => [looks.value, workspace.device] as const,
    ([now]) => {
      clearTimeout(timer)
      failure.value = undefined
      found.value = undefined
      if (now) void look()
    },
  )

  return { wanted, found, failure, waits }
})
