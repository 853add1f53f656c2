import { median } from '../../core/statistics/robust'

/** A process's samples, ms: one list per model, the sentinel's first. */
interface Timed {
  readonly samples: readonly (readonly number[])[]
}

/** A sentinel slower than this against the quietest known ran while something else had the machine, or throttled. */
const disturbed = 1.05
/** Processes started in all, per process wanted. */
const patience = 3

/**
 * Tells quiet processes from disturbed ones by their sentinel. A ratio to the sentinel does not save a disturbed
 * measurement: what is short of cache or clock slows one network more than another (seen: ratios 0.69 to 0.74 for one
 * plan within ten seconds, its sentinel 7 to 23 % above its quiet time).
 */
export class QuietGate {
  private readonly quietest = new Map<string, number>()

  /** Is another process worth starting? `sentinel` names what the first model is, so that its quiet time is known. */
  wantsMore(sentinel: string, processes: readonly Timed[], wanted: number): boolean {
    if (processes.length < wanted) return true
    return this.quiet(sentinel, processes).length < wanted && processes.length < wanted * patience
  }

  /** The `wanted` quietest processes, in the order they ran. */
  choose<T extends Timed>(sentinel: string, processes: readonly T[], wanted: number): T[] {
    this.quiet(sentinel, processes)
    const byNoise = [...processes].sort((a, b) => sentinelTime(a) - sentinelTime(b))
    const chosen = new Set(byNoise.slice(0, wanted))
    return processes.filter((process) => chosen.has(process))
  }

  private quiet(sentinel: string, processes: readonly Timed[]): Timed[] {
    const fastest = Math.min(this.quietest.get(sentinel) ?? Infinity, ...processes.map(sentinelTime))
    this.quietest.set(sentinel, fastest)
    return processes.filter((process) => sentinelTime(process) <= disturbed * fastest)
  }
}

/**
 * Runs processes until as many as wanted were quiet, or patience ends.
 * @param runOne one process, by its number
 * @param pause waits before a repetition: a disturbance lasts, and starting again at once would meet it again
 */
export async function quietProcesses<T extends Timed>(
  gate: QuietGate,
  sentinel: string,
  wanted: number,
  runOne: (index: number) => Promise<T>,
  pause: () => Promise<unknown>,
): Promise<{ processes: T[]; discarded: number }> {
  const ran: T[] = []
  while (gate.wantsMore(sentinel, ran, wanted)) {
    if (ran.length >= wanted) await pause()
    ran.push(await runOne(ran.length))
  }
  const processes = gate.choose(sentinel, ran, wanted)
  return { processes, discarded: ran.length - processes.length }
}

const sentinelTime = ({ samples }: Timed): number => median(samples[0]!)
