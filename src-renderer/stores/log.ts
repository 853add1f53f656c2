import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { LogLine } from './job-view'
import { useJobs } from './jobs'

export interface LogEntry extends LogLine {
  readonly job: string
  readonly kind: string
}

export const levels = ['info', 'warning', 'error'] as const
export type Level = (typeof levels)[number]

/** Lines of at least this level that hold every word of `words`, in whatever order, whatever the case. */
export function filterLog<T extends LogEntry>(lines: readonly T[], words: string, least: Level): T[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  const from = levels.indexOf(least)
  return lines.filter((line) => {
    if (levels.indexOf(line.level) < from) return false
    const text = `${line.kind} ${line.job} ${line.level} ${line.text}`.toLowerCase()
    return wanted.every((word) => text.includes(word))
  })
}

export const logText = (lines: readonly LogEntry[]): string =>
  lines.map((line) => [line.time, line.job, line.level, line.text].join('\t')).join('\n')

/** What all jobs did, newest first, and what of it is looked for: the same in the room and in the panel below. */
export const useLog = defineStore('log', () => {
  const jobs = useJobs()
  const words = ref('')
  const least = ref<Level>('info')
  const lines = computed(() =>
    jobs.all
      .flatMap((job) => job.log.map((line): LogEntry => ({ ...line, job: job.id, kind: job.kind })))
      .sort((a, b) => b.time.localeCompare(a.time) || b.n - a.n),
  )
  const shown = computed(() => filterLog(lines.value, words.value, least.value))
  return { words, least, lines, shown }
})
