import { fail, toFailure, type Failure } from '../core/failure'
import type { EngineDescription, EngineMethods, Precision } from '../engines/interface'
import type { EngineHandle } from '../engines/process/start'
import { startSteadyEngine } from '../engines/process/steady'
import type { JobContext } from '../runs/job'

export type TrainingEngine = EngineHandle<EngineMethods>

export interface ChosenEngine {
  readonly about: EngineDescription
  /** Why it is not the default, and how to get that. */
  readonly note: string | undefined
  readonly handle: TrainingEngine
}

/** Says in a job's log that an engine was started again. */
export const tellRestart =
  (engine: string, job: Pick<JobContext, 'note'>) =>
  ({ message }: Failure): void =>
    job.note('warning', `${message} ${engine} was started again and does this anew.`)

/**
 * Starts the engine for training: TensorFlow, or WASM where TensorFlow cannot be had (and says so).
 * @param forced the user's --engine: then no other is tried
 * @param job hears when an engine that evaluates ends and is started again
 * @param precision the user's --precision
 * @throws LupineError what the forced engine said; 'engine-precision' when it does not train in what was asked for
 */
export async function chooseEngine(
  forced?: 'tensorflow' | 'wasm',
  job?: JobContext,
  precision?: Precision,
): Promise<ChosenEngine> {
  const engine = await startEngine(forced, job)
  if (!precision || engine.about.precisions.includes(precision)) return engine
  await engine.handle.stop()
  throw fail(
    'input',
    'engine-precision',
    `${engine.about.version} does not train in ${precision} on this computer: its processor has no instructions for it.`,
    'Leave --precision out: the fastest that is as good is taken.',
  )
}

async function startEngine(
  forced: 'tensorflow' | 'wasm' | undefined,
  job: JobContext | undefined,
): Promise<ChosenEngine> {
  if (forced) return open(forced, undefined, job)
  try {
    return await open('tensorflow', undefined, job)
  } catch (error) {
    const { message } = toFailure(error)
    return open(
      'wasm',
      `TensorFlow is not available (${message}) Using WASM, which is much slower. To get it: npx lupine setup tensorflow`,
      job,
    )
  }
}

async function open(
  name: 'tensorflow' | 'wasm',
  note: string | undefined,
  job: JobContext | undefined,
): Promise<ChosenEngine> {
  // Training is not repeated by itself: it goes on from its checkpoints when the user says so.
  const handle = startSteadyEngine<EngineMethods>(name, {
    pure: ['forward', 'evaluate', 'sensitivity'],
    ...(job && { onRestart: tellRestart(name, job) }),
  })
  try {
    return { about: await handle.call('describe', {}), note, handle }
  } catch (error) {
    await handle.stop()
    throw error
  }
}
