/** The child's side of contest.mjs. */
import { createInterface } from 'node:readline'
import { setImmediate } from 'node:timers/promises'

/** Aborted when whoever started this process is gone (its end of stdin closes). Keeps stdin flowing. */
export function parentGone(): AbortSignal {
  const gone = new AbortController()
  const leave = (): void => gone.abort(new Error('The parent process is gone.'))
  for (const event of ['end', 'close', 'error']) process.stdin.on(event, leave)
  process.stdout.on('error', leave)
  process.stdin.resume()
  return gone.signal
}

export const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`)

/**
 * Says that it is ready, then answers each line of stdin, a number of steps, with a JSON list of milliseconds per step.
 * Never outlives its parent by more than a step.
 * @param within what the steps run in; holding the machine, for one
 */
export async function takeTurns(
  step: () => unknown,
  within: (work: () => Promise<void>, gone: AbortSignal) => Promise<void> = (work) => work(),
): Promise<void> {
  // Before anything is awaited: lines that come while nobody iterates are lost.
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  const gone = parentGone()
  say('ready')
  const turns = async (): Promise<void> => {
    for await (const line of lines) {
      const times: number[] = []
      for (let i = 0; i < Number(line); i++) {
        const start = performance.now()
        await step()
        times.push(performance.now() - start)
        // Lets the end of stdin be noticed.
        await setImmediate()
        if (gone.aborted) return
      }
      say(times)
    }
  }
  await within(turns, gone).catch((error: unknown) => {
    if (!gone.aborted) throw error
  })
}
