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
serveMethods(handlers as Parameters<typeof serveMethods>[0] & Table, {
  send: (message) => void process.send?.(message, undefined, undefined, () => {}),
  onMessage: (listener) => void process.on('message', (message) => listener(message as ToEngine)),
  onClose: (listener) => void process.on('disconnect', listener),
})
