import { defineStore } from 'pinia'
import { computed } from 'vue'
import { useJobs } from './jobs'
import { useWorkspace } from './workspace'

/** Rooms that have what the next one needs: the rail's ticks. */
export const useReady = defineStore('ready', () => {
  const work = useWorkspace()
  const jobs = useJobs()
  const rooms = computed(() => {
    const { model, data, device } = work.workspace
    const run = jobs.current
    const ready = {
      model: model !== '',
      data: data !== '',
      board: device !== '',
      search: run?.stages.some((stage) => stage.name === 'choose' && stage.state === 'done') ?? false,
      finetune: run?.stages.some((stage) => stage.name === 'finetune' && stage.state === 'done') ?? false,
      compare: run?.result !== undefined,
    }
    return new Set(Object.entries(ready).flatMap(([room, is]) => (is ? [room] : [])))
  })
  return { rooms }
})
