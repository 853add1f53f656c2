import { defineStore } from 'pinia'
import { computed, ref, shallowReactive, shallowRef } from 'vue'
import type { JobEvent, JobName, JobRequest, JobSummary } from '../../src-main/contract'
import type { Failure, Result } from '../../src-main/core/failure'
import { useClient } from './client'
import { emptyView, foldEvents, isLive, isRun, type JobView } from './job-view'

/** Events are folded in batches: often enough for the eye, seldom enough for a replay of thousands. */
const batchMs = 40
/** Folding pauses after so long, so that the page stays quick while thousands wait. */
const sliceMs = 8
const eventsAtOnce = 64
/** While they wait, what is shown is brought up to date so often. */
const showMs = 250
/** Other windows and the program itself start jobs too; nothing announces them. */
const lookEveryMs = 3000

export type Command = 'cancel' | 'pause' | 'continue' | 'conclude'

/** The program's jobs: whatever runs is followed, from its first event, whoever started it. */
export const useJobs = defineStore('jobs', () => {
  const client = useClient()
  const views = shallowReactive(new Map<string, JobView>())
  /** Whether the program has been asked: before, "no job" would be a guess. */
  const known = ref(false)
  /** What the last start or command came to; shown where it was given. */
  const failure = shallowRef<Failure>()
  const busy = ref(false)
  /** The job that this window started last; its page takes the focus. */
  const startedHere = ref<string>()

  const all = computed(() => [...views.values()].sort((a, b) => a.startedAt.localeCompare(b.startedAt)))
  /** A run that was asked for in place of the latest. */
  const chosen = ref<string>()
  /** What the rooms show: the latest run, unless another one was asked for. */
  const current = computed(() => {
    const runs = all.value.filter((job) => isRun(job.kind))
    return runs.find(({ id }) => id === chosen.value) ?? runs.at(-1)
  })
  /** What is going on now, a run or anything else: the one started last. */
  const live = computed(() => all.value.findLast(isLive))

  let batch: JobEvent[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  /** Folded, not yet shown. */
  const folded = new Map<string, JobView>()
  let shownAt = 0

  function fold(): void {
    timer = undefined
    const start = performance.now()
    let at = 0
    do {
      const events = batch.slice(at, at + eventsAtOnce)
      at += events.length
      for (const id of new Set(events.map((event) => event.job))) {
        const view = folded.get(id) ?? views.get(id)
        const own = events.filter((event) => event.job === id)
        if (view) folded.set(id, foldEvents(view, own))
      }
    } while (at < batch.length && performance.now() - start < sliceMs)
    batch = batch.slice(at)
    if (batch.length > 0) timer = setTimeout(fold)
    if (batch.length === 0 || start - shownAt > showMs) publish(start)
  }

  function publish(now: number): void {
    shownAt = now
    for (const [id, view] of folded) views.set(id, view)
    folded.clear()
  }

  function onEvent(event: JobEvent): void {
    batch.push(event)
    timer ??= setTimeout(fold, batchMs)
  }

  const forget = (id: string): void => {
    publish(shownAt)
    const view = views.get(id)
    if (view && (view.state === 'running' || view.state === 'paused')) views.set(id, { ...view, state: 'gone' })
  }

  function take(summary: JobSummary): void {
    const view = views.get(summary.id)
    if (view) {
      const { folder, project } = summary
      if (view.folder === folder && view.project === project) return
      publish(shownAt)
      views.set(summary.id, { ...views.get(summary.id)!, folder, project })
      return
    }
    views.set(summary.id, emptyView(summary))
    client.follow(summary.id, 0, { onEvent, onRefused: () => forget(summary.id) })
  }

  async function refresh(): Promise<void> {
    const result = await client.call('jobs.list', {})
    if (!result.ok) return
    for (const summary of result.value) take(summary)
    const there = new Set(result.value.map((summary) => summary.id))
    for (const id of views.keys()) if (!there.has(id)) forget(id)
    known.value = true
  }

  let look: ReturnType<typeof setInterval> | undefined
  client.onState((state) => {
    clearInterval(look)
    if (state !== 'open') return
    void refresh()
    look = setInterval(() => void refresh(), lookEveryMs)
  })

  async function attempt<T>(work: Promise<Result<T>>): Promise<T | undefined> {
    busy.value = true
    failure.value = undefined
    const result = await work.finally(() => (busy.value = false))
    if (result.ok) return result.value
    failure.value = result.failure
    return undefined
  }

  async function start<N extends JobName>(name: N, request: JobRequest<N>): Promise<JobSummary | undefined> {
    const summary = await attempt(client.start(name, request))
    if (!summary) return undefined
    take(summary)
    startedHere.value = summary.id
    if (isRun(name)) chosen.value = summary.id
    return summary
  }

  /** A run that the program knows, though it may be none of the latest. */
  async function show(id: string): Promise<void> {
    await refresh()
    chosen.value = id
  }

  const resume = (job: JobView): Promise<JobSummary | undefined> => start('resume', { dir: job.project ?? job.folder })

  const command = async (name: Command, job: string): Promise<void> => {
    await attempt(client.call(`jobs.${name}`, { job }))
  }

  return { all, current, live, known, failure, busy, startedHere, start, show, resume, command, refresh }
})
