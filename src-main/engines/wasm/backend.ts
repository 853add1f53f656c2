import { fail } from '../../core/failure'
import type { Backend } from '../training/session'

/** @throws LupineError work 'engine-missing' */
export function openWasm(): Promise<Backend> {
  throw fail(
    'work',
    'engine-missing',
    'The wasm engine is not there yet.',
    'Set TensorFlow up: node scripts/setup/tensorflow.mjs.',
  )
}
