/** The engine process: built as out/main/engine.js; its argument names the engine. */
import type { CallContext } from './handlers'
import type { EngineProcess, ToEngine } from './messages'
import { serveMethods } from './serve'

type Table = Readonly<Record<string, (params: never, context: CallContext<never>) => Promise<unknown>>>

const engines: Record<EngineProcess, () => Promise<{ handlers: unknown }>> = {
  tensorflow: () => import('../tensorflow/serve'),
  wasm: () => import('../wasm/serve'),
  onnxruntime: () => import('../onnxruntime/serve'),
}

// Ctrl-C in a terminal reaches every process of the group; the parent decides what to do about it.
process.on('SIGINT', () => {})

const name = process.argv[2] as EngineProcess
const { handlers } = await engines[name]()
/** In the window this is a utility process, which has a port instead of fork's channel. */
interface ParentPort {
  postMessage(message: unknown): void
  on(event: 'message', listener: (event: { data: unknown }) => void): void
}
const { parentPort } = process as unknown as { parentPort?: ParentPort }

serveMethods(handlers as Parameters<typeof serveMethods>[0] & Table, {
  send: (message) => {
    if (parentPort) parentPort.postMessage(message)
    else process.send?.(message, undefined, undefined, () => {})
  },
  onMessage: (listener) => {
    if (parentPort) parentPort.on('message', ({ data }) => listener(data as ToEngine))
    else process.on('message', (message) => listener(message as ToEngine))
  },
  onClose: (listener) => void process.on('disconnect', listener),
})
