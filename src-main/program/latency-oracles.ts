import { fail } from '../core/failure'
import type { LatencyMeasurement, LatencyOracle, Widths } from '../core/ports'
import type { Subject } from '../core/pruning/subject'
import type { Device } from '../devices/device'
import { openDevice } from '../devices/open'
import { isBoard, openBoard } from '../devices/open-board'
import { DeviceOracle, type Effort } from '../devices/oracle'
import { CachedOracle, pointsKey } from '../devices/point-cache'
import { ReplayDevice } from '../devices/replay'
import type { JobContext } from '../runs/job'
import { agentPath } from './sample'

/** For tables: many points, each of which counts little. */
export const tableEffort: Effort = { processes: 2, rounds: 6, slice: 1 }
/** For whole networks that a model is fitted on or judged by. */
export const planEffort: Effort = { processes: 3, rounds: 10, slice: 6 }

/**
 * The device at an address, for as long as the job lasts, which says what the device has to say.
 * @throws LupineError as openDevice and openBoard
 */
export async function deviceFor(address: string, job: JobContext): Promise<Device> {
  if (!isBoard(address))
    return openDevice(address, () => job.note('info', 'Waiting: another Lupine is measuring on this computer.'))
  const board = await openBoard(address, {
    agent: agentPath(),
    note: (level, text) => job.note(level, text),
    ask: job.ask,
    purpose: `the job ${job.id}`,
  })
  job.atEnd(() => board.close())
  return board
}

export const nothingToPrune = () =>
  fail(
    'input',
    'nothing-to-prune',
    'This model has no channels that could be pruned.',
    'lupine inspect says why for each group.',
  )

/** An oracle that knows how long it has measured. */
export class TimedOracle implements LatencyOracle {
  /** Networks measured, and seconds spent on it. */
  measured = 0
  seconds = 0

  constructor(private readonly inner: LatencyOracle) {}

  async measure(variants: readonly Widths[], repetition?: number, among?: number): Promise<LatencyMeasurement[]> {
    const start = performance.now()
    const values = await this.inner.measure(variants, repetition, among)
    this.seconds += (performance.now() - start) / 1000
    this.measured += variants.length
    return values
  }
}

/** Measures plans of a subject on a device; progress goes to `stage`. */
export function planOracle(
  device: Device,
  subject: Subject,
  seed: number,
  effort: Effort,
  stage: string,
  job: JobContext,
): TimedOracle {
  const detail = (total: number): string => (total === 1 ? 'measuring' : `measuring ${total} networks interleaved`)
  return new TimedOracle(
    new DeviceOracle({
      ...{ device, subject, seed, effort, cancellation: job },
      onProgress: (done, total) => job.progress(stage, { done, total, detail: detail(total) }),
    }),
  )
}

/**
 * An oracle for a table's points on top of one that measures: what was measured once on such a device is not measured
 * again, in whatever project. A replayed device knows what its recording had from there.
 * @param keep folder that a project keeps its points in, for a replay
 */
export async function remembering(
  inner: LatencyOracle,
  device: Device,
  subject: Subject,
  { fresh = false, keep }: { readonly fresh?: boolean; readonly keep?: string | undefined } = {},
): Promise<CachedOracle> {
  const key = pointsKey(await device.key(), subject.network, tableEffort)
  return new CachedOracle(inner, key, {
    fresh,
    ...(keep !== undefined && { keep }),
    ...(device instanceof ReplayDevice && { only: await device.points() }),
  })
}

/** For commands that measure a table and no more; progress goes to the stage 'table'. */
export async function tableOracle(
  device: Device,
  subject: Subject,
  seed: number,
  fresh: boolean,
  job: JobContext,
): Promise<{ cached: CachedOracle; timed: TimedOracle }> {
  const timed = planOracle(device, subject, seed, tableEffort, 'table', job)
  return { timed, cached: await remembering(timed, device, subject, { fresh }) }
}
