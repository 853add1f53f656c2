import { fail, toFailure } from '../../core/failure'
import { waitWhileMeasuring } from '../../devices/measuring/machine-lock'
import type { CallContext } from './handlers'
import { beatEvery, type FromEngine, type ToEngine } from './messages'

type AnyHandler = (params: unknown, context: CallContext<unknown>) => Promise<unknown>

/** How an engine process talks to whoever started it. */
export interface Line {
  send(message: FromEngine): void
  onMessage(listener: (message: ToEngine) => void): void
  onClose(listener: () => void): void
}

/** Answers calls until the parent goes away: then the process ends too, so that none is left behind. */
export function serveMethods(handlers: Readonly<Record<string, AnyHandler>>, line: Line): void {
  const running = new Map<number, AbortController>()
  let paused = false
  /** Calls that are to end early. */
  const concluded = new Set<number>()
  line.onClose(() => process.exit(0))
  setInterval(() => line.send({ type: 'beat' }), beatEvery).unref()

  const breathe = async (signal: AbortSignal): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve))
    while (paused && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 50))
    if (!signal.aborted) await waitWhileMeasuring()
    if (signal.aborted) throw fail('interrupted', 'interrupted', 'Interrupted.', 'Start it again.')
  }

  const call = async (id: number, method: string, params: unknown): Promise<void> => {
    const abort = new AbortController()
    running.set(id, abort)
    const context: CallContext<unknown> = {
      progress: (progress) => line.send({ type: 'progress', id, progress }),
      signal: abort.signal,
      concluding: () => concluded.has(id),
      breathe: () => breathe(abort.signal),
    }
    try {
      const handler = handlers[method]
      if (!handler) throw fail('work', 'engine-method', `This engine does not know "${method}".`, 'Use another engine.')
      line.send({ type: 'result', id, result: await handler(params, context) })
    } catch (error) {
      if (process.env['LUPINE_DEBUG']) console.error(error)
      line.send({ type: 'failure', id, failure: toFailure(error) })
    } finally {
      running.delete(id)
      concluded.delete(id)
    }
  }

  line.onMessage((message) => {
    if (message.type === 'call') void call(message.id, message.method, message.params)
    else if (message.type === 'cancel') running.get(message.id)?.abort()
    else if (message.type === 'conclude') for (const id of running.keys()) concluded.add(id)
    else paused = message.paused
  })
}
