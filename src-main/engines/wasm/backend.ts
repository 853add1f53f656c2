import { dirname, sep } from 'node:path'
import { fail } from '../../core/failure'
import type { EngineDescription } from '../interface'
import type { Backend } from '../training/session'
import { WasmSession } from './session'
import { load, tf } from './tfjs'

type WasmPackage = typeof import('@tensorflow/tfjs-backend-wasm')

/**
 * TensorFlow.js on WebAssembly with SIMD, in one thread: it would start its workers from a blob: address, which Node's
 * workers do not take.
 * @throws LupineError work 'engine-missing' when the WebAssembly cannot be loaded
 */
export async function openWasm(): Promise<Backend> {
  try {
    const wasm = load('@tensorflow/tfjs-backend-wasm') as WasmPackage
    wasm.setWasmPaths(dirname(load.resolve('@tensorflow/tfjs-backend-wasm')) + sep)
    if (!(await tf.setBackend('wasm'))) throw new Error('the backend did not start')
    await tf.ready()
    const description: EngineDescription = {
      engine: 'wasm',
      version: `TensorFlow.js ${tf.version_core}`,
      device: 'cpu',
      threads: wasm.getThreadsCount(),
      precisions: ['float32'],
    }
    return { describe: () => description, open: (nodes) => new WasmSession(nodes) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw fail('work', 'engine-missing', `The wasm engine does not start: ${reason}.`, 'Run npm install again.', error)
  }
}
