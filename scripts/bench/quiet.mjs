import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** Milliseconds that all CPUs have worked since the machine started. */
const busy = () => cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)

/** CPU milliseconds of a process, all its threads. Linux; 0 elsewhere. */
export function used(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
    // Fields 14 and 15 of proc(5), in ticks of 1/100 s.
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return 0
  }
}

/**
 * Runs `work` and tells what share of the machine processes other than `pids` (and this one) took meanwhile.
 * @returns {Promise<{ value: T, foreign: number }>} foreign: 0…1
 * @template T
 */
export async function withForeignLoad(pids, work) {
  const own = () => pids.reduce((sum, pid) => sum + used(pid), 0) + process.cpuUsage().user / 1000
  const [startBusy, startOwn, start] = [busy(), own(), performance.now()]
  const value = await work()
  const capacity = (performance.now() - start) * cpus().length
  return { value, foreign: Math.max(0, (busy() - startBusy - (own() - startOwn)) / capacity) }
}
