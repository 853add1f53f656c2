import type { CallResult } from '../contract'
import { chooseEngine } from './engine-choice'
import { describeEngine } from './finetune'
import { version } from './version'

let engine: Promise<{ engine: string; engineNote: string }> | undefined

/** Version and engine; the engine is asked once per program. */
export async function aboutProgram(): Promise<CallResult<'program.about'>> {
  engine ??= findEngine()
  return { version, node: process.version, ...(await engine) }
}

async function findEngine(): Promise<{ engine: string; engineNote: string }> {
  const chosen = await chooseEngine()
  await chosen.handle.stop()
  return { engine: describeEngine(chosen.about), engineNote: chosen.note ?? '' }
}
