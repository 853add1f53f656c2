import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { fail, LupineError, type Failure } from '../../core/failure'
import type { MethodShape } from './handlers'
import { silenceLimit, type EngineProcess, type FromEngine } from './messages'
import { forkPort, type ChildLine, type ProcessPort } from './port'

export interface CallOptions<P> {
  readonly onProgress?: (progress: P) => void
  readonly signal?: AbortSignal
}

export interface EngineHandle<M extends { [K in keyof M]: MethodShape }> {
  readonly pid: number | undefined
  /**
   * @throws LupineError what the engine answered; 'engine-died' when the process ended or fell silent; 'interrupted'
   */
  call<K extends keyof M & string>(
    method: K,
    params: M[K]['request'],
    options?: CallOptions<M[K]['progress']>,
  ): Promise<M[K]['result']>
  /** Pauses or continues the work between its units. */
  pause(paused: boolean): void
  /** Ends the process; pending calls fail. */
  stop(): Promise<void>
}

interface Pending {
  resolve(result: unknown): void
  reject(error: unknown): void
  readonly onProgress: ((progress: unknown) => void) | undefined
}

let port: ProcessPort = forkPort

/** Replaces fork, for the window: processes start through this one port. */
export function useProcessPort(other: ProcessPort): void {
  port = other
}

/** The child's program: beside the built files, whichever of them this module ended up in. */
function entryPath(): string {
  const given = process.env['LUPINE_ENGINE_ENTRY']
  if (given) return given
  const here = import.meta.url
  if (here.includes('/out/main/'))
    return fileURLToPath(new URL('engine.js', here.replace(/\/out\/main\/.*$/, '/out/main/')))
  // From sources (tests): the built tree of the same checkout.
  return fileURLToPath(new URL('../../../out/main/engine.js', here))
}

/** Starts an engine process. It is ready for calls at once; they wait for it. */
export function startEngine<M extends { [K in keyof M]: MethodShape }>(engine: EngineProcess): EngineHandle<M> {
  const child: ChildLine = port(entryPath(), [engine], {
    ...process.env,
    ORT_DISABLE_TELEMETRY: '1',
    // Images are decoded on libuv's pool; it has four threads unless told before the process starts.
    UV_THREADPOOL_SIZE: String(availableParallelism() + 2),
    TF_CPP_MIN_LOG_LEVEL: '2',
  })
  const pending = new Map<number, Pending>()
  let next = 1
  let ended: Failure | undefined
  let stderr = ''
  let heard = Date.now()
  let onEnded: () => void = () => {}
  const gone = new Promise<void>((resolve) => (onEnded = resolve))

  const end = (reason: string): void => {
    if (ended) return
    ended = {
      kind: 'work',
      code: 'engine-died',
      message: `The ${engine} engine ended unexpectedly (${reason}).${stderr ? ` It last said: ${stderr.trim().split('\n').slice(-3).join(' / ')}` : ''}`,
      hint:
        reason === 'SIGKILL'
          ? 'The system probably ran out of memory: close other programs or use a smaller batch, then resume the run.'
          : 'Resume the run; what was finished is kept.',
    }
    for (const { reject } of pending.values()) reject(new LupineError(ended))
    pending.clear()
    clearInterval(watch)
    onEnded()
  }
  child.onExit(end)
  child.onStderr((text) => (stderr = (stderr + text).slice(-4000)))
  child.onMessage((message: FromEngine) => {
    heard = Date.now()
    if (message.type === 'beat') return
    const call = pending.get(message.id)
    if (!call) return
    if (message.type === 'progress') return call.onProgress?.(message.progress)
    pending.delete(message.id)
    if (message.type === 'result') call.resolve(message.result)
    else call.reject(new LupineError(message.failure))
  })
  const watch = setInterval(() => {
    if (pending.size === 0 || Date.now() - heard < silenceLimit) return
    child.kill()
    end(`no sign of life for ${silenceLimit / 1000} s`)
  }, 5_000)
  watch.unref()

  return {
    pid: child.pid,
    call(method, params, options = {}) {
      if (ended) return Promise.reject(new LupineError(ended))
      const { signal, onProgress } = options
      const id = next++
      heard = Date.now()
      return new Promise((resolve, reject) => {
        const cancel = (): void => {
          child.send({ type: 'cancel', id })
          pending.delete(id)
          reject(fail('interrupted', 'interrupted', 'Interrupted.', 'Start it again.'))
        }
        const settle =
          <T>(how: (value: T) => void) =>
          (value: T): void => {
            signal?.removeEventListener('abort', cancel)
            how(value)
          }
        if (signal?.aborted) return cancel()
        signal?.addEventListener('abort', cancel, { once: true })
        pending.set(id, {
          resolve: settle(resolve as (value: unknown) => void),
          reject: settle(reject),
          onProgress: onProgress as ((progress: unknown) => void) | undefined,
        })
        child.send({ type: 'call', id, method, params })
      })
    },
    pause: (paused) => child.send({ type: 'pause', paused }),
    async stop() {
      ended ??= {
        kind: 'work',
        code: 'engine-stopped',
        message: `The ${engine} engine was stopped.`,
        hint: 'Start it again.',
      }
      for (const { reject } of pending.values()) reject(new LupineError(ended))
      pending.clear()
      clearInterval(watch)
      child.onExit(() => onEnded())
      child.kill()
      await gone
    },
  }
}
