import { toFailure } from '../core/failure'
import type { EngineDescription, EngineMethods } from '../engines/interface'
import { startEngine, type EngineHandle } from '../engines/process/start'

export type TrainingEngine = EngineHandle<EngineMethods>

export interface ChosenEngine {
  readonly about: EngineDescription
  /** Why it is not the default, and how to get that. */
  readonly note: string | undefined
  readonly handle: TrainingEngine
}

/**
 * Starts the engine for training: TensorFlow, or WASM where TensorFlow cannot be had (and says so).
 * @param forced the user's --engine: then no other is tried
 * @throws LupineError what the forced engine said
 */
export async function chooseEngine(forced?: 'tensorflow' | 'wasm'): Promise<ChosenEngine> {
  if (forced) return open(forced, undefined)
  try {
    return await open('tensorflow', undefined)
  } catch (error) {
    const { message } = toFailure(error)
    return open(
      'wasm',
      `TensorFlow is not available (${message}) Using WASM, which is much slower. To get it: npx lupine setup tensorflow`,
    )
  }
}

async function open(name: 'tensorflow' | 'wasm', note: string | undefined): Promise<ChosenEngine> {
  const handle = startEngine<EngineMethods>(name)
  try {
    return { about: await handle.call('describe', {}), note, handle }
  } catch (error) {
    await handle.stop()
    throw error
  }
}
