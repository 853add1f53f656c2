import { LupineError, type Failure } from '../../core/failure'
import type { MethodShape } from './handlers'
import type { EngineProcess } from './messages'
import { startEngine, type CallOptions, type EngineHandle } from './start'

/** Which calls may be made again in a new process. */
export interface Steadiness<K extends string> {
  /** Methods that give the same answer whenever they are asked, and leave nothing behind. */
  readonly pure: readonly K[]
  /** Methods that prepare the process for others: the last call of each is made again in a new process. */
  readonly opening?: readonly K[]
  /** Called when a new process is started in place of one that ended. */
  readonly onRestart?: (failure: Failure) => void
}

/**
 * An engine that is started again when it ends under a pure call, which is then made again: once, and once more only
 * after an answer in between. A second end in a row is the caller's to hear: it has a cause that stays.
 */
export function startSteadyEngine<M extends { [K in keyof M]: MethodShape }>(
  engine: EngineProcess,
  { pure, opening = [], onRestart }: Steadiness<keyof M & string>,
): EngineHandle<M> {
  let current = startEngine<M>(engine)
  let paused = false
  let stopped = false
  /** The restart since the last answer. */
  let restarted: Promise<void> | undefined
  const opened = new Map<keyof M & string, M[keyof M]['request']>()

  const restart = (failure: Failure): Promise<void> => {
    onRestart?.(failure)
    current = startEngine<M>(engine)
    if (paused) current.pause(true)
    const fresh = current
    return (async () => {
      for (const [method, params] of opened) await fresh.call(method, params)
    })()
  }

  const attempt = async <K extends keyof M & string>(
    again: boolean,
    method: K,
    params: M[K]['request'],
    options?: CallOptions<M[K]['progress']>,
  ): Promise<M[K]['result']> => {
    const used = current
    try {
      const result = await used.call(method, params, options)
      if (opening.includes(method)) opened.set(method, params)
      if (used === current) restarted = undefined
      return result
    } catch (error) {
      const died = error instanceof LupineError && error.failure.code === 'engine-died'
      const repeatable = pure.includes(method) || opening.includes(method)
      if (!died || !repeatable || again || stopped) throw error
      // Several calls end with one process: the first of them starts the new one, for all.
      if (used === current) {
        if (restarted) throw error
        restarted = restart(error.failure)
      }
      await restarted
      return attempt(true, method, params, options)
    }
  }

  return {
    get pid() {
      return current.pid
    },
    call: (method, params, options) => attempt(false, method, params, options),
    pause(now) {
      paused = now
      current.pause(now)
    },
    conclude: () => current.conclude(),
    said: () => current.said(),
    stop() {
      stopped = true
      return current.stop()
    },
  }
}
