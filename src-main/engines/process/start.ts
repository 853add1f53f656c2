import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { fail, LupineError, type Failure } from '../../core/failure'
import type { MethodShape } from './handlers'
import { silenceLimit, type EngineProcess, type FromEngine } from './messages'
import { forkPort, type ChildLine, type ProcessPort } from './port'
import { Silence } from './silence'

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
  /** Calls in flight end by their next good moment, with what there is: a training after its epoch, with the best. */
  conclude(): void
  /** The end of what it wrote to stderr. */
  said(): string
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

/** What an engine process finds in its environment. `more` comes last. */
const environment = (more: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  // TensorFlow takes all of a GPU's memory at its start unless told to take it as it is needed.
  TF_FORCE_GPU_ALLOW_GROWTH: 'true',
  TF_CPP_MIN_LOG_LEVEL: '2',
  ...process.env,
  ORT_DISABLE_TELEMETRY: '1',
  // Images are decoded on libuv's pool; it has four threads unless told before the process starts.
  UV_THREADPOOL_SIZE: String(availableParallelism() + 2),
  ...more,
})

/** ms; LUPINE_ENGINE_SILENCE (seconds) is for machines on which one native call takes minutes, and for tests. */
function patience(): number {
  const seconds = Number(process.env['LUPINE_ENGINE_SILENCE'])
  return seconds > 0 ? seconds * 1000 : silenceLimit
}

/** What to do after an end, by how it came. */
function wayOut(reason: string): string {
  if (reason === 'SIGKILL')
    return 'The system probably ran out of memory: close other programs or use a smaller batch, then resume the run.'
  if (['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGABRT'].includes(reason))
    return 'Native code crashed. Resume the run, what was finished is kept; if it happens again, try --engine wasm and report it.'
  return 'Resume the run; what was finished is kept.'
}

/**
 * Starts an engine process. It is ready for calls at once; they wait for it.
 * @param more for its environment
 */
export function startEngine<M extends { [K in keyof M]: MethodShape }>(
  engine: EngineProcess,
  more: Readonly<Record<string, string>> = {},
): EngineHandle<M> {
  const child: ChildLine = port(entryPath(), [engine], environment(more))
  const pending = new Map<number, Pending>()
  let next = 1
  let ended: Failure | undefined
  let stderr = ''
  const limit = patience()
  const every = Math.min(5_000, limit / 4)
  const silence = new Silence(limit, every, performance.now())
  let onEnded: () => void = () => {}
  const gone = new Promise<void>((resolve) => (onEnded = resolve))

  const end = (reason: string): void => {
    if (ended) return
    ended = {
      kind: 'work',
      code: 'engine-died',
      message: `The ${engine} engine ended unexpectedly (${reason}).${stderr ? ` It last said: ${stderr.trim().split('\n').slice(-3).join(' / ')}` : ''}`,
      hint: wayOut(reason),
    }
    for (const { reject } of pending.values()) reject(new LupineError(ended))
    pending.clear()
    clearInterval(watch)
  }
  child.onExit((reason) => {
    end(reason)
    onEnded()
  })
  child.onStderr((text) => {
    stderr = (stderr + text).slice(-16_000)
    if (process.env['LUPINE_DEBUG']) process.stderr.write(text)
  })
  child.onMessage((message: FromEngine) => {
    silence.heard()
    if (message.type === 'beat') return
    const call = pending.get(message.id)
    if (!call) return
    if (message.type === 'progress') return call.onProgress?.(message.progress)
    pending.delete(message.id)
    if (message.type === 'result') call.resolve(message.result)
    else call.reject(new LupineError(message.failure))
  })
  const watch = setInterval(() => {
    if (!silence.look(performance.now(), pending.size > 0)) return
    child.kill()
    end(`no sign of life for ${limit / 1000} s`)
  }, every)
  watch.unref()

  return {
    pid: child.pid,
    call(method, params, options = {}) {
      if (ended) return Promise.reject(new LupineError(ended))
      const { signal, onProgress } = options
      const id = next++
      if (pending.size === 0) silence.heard()
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
    conclude: () => child.send({ type: 'conclude' }),
    said: () => stderr,
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
      child.kill()
      await gone
    },
  }
}
