import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { Ask } from '../contract'

/**
 * Asks on a terminal, one question at a time; passwords and passphrases are not shown while they are
 * typed. Ctrl-C and the end of the input answer nothing.
 */
export function createAsk(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Ask {
  let last: Promise<unknown> = Promise.resolve()
  return (question) => {
    const answer = last.then(() => {
      let hidden = false
      const shown = new Writable({
        write(chunk: Buffer, _encoding, done) {
          if (!hidden) output.write(chunk)
          done()
        },
      })
      // A progress bar may stand on the line.
      output.write('\r\x1b[K')
      const lines = createInterface({ input, output: shown, terminal: true })
      return new Promise<string | undefined>((resolve) => {
        lines.once('close', () => resolve(undefined))
        lines.once('SIGINT', () => {
          lines.close()
          process.emit('SIGINT')
        })
        lines.question(question.text, (text) => {
          resolve(text)
          lines.close()
          if (hidden) output.write('\n')
        })
        hidden = question.kind === 'password' || question.kind === 'passphrase'
      })
    })
    last = answer
    return answer
  }
}

/** For this process's terminal; undefined where there is none. */
export const terminalAsk = (): Ask | undefined =>
  process.stdin.isTTY && process.stderr.isTTY ? createAsk(process.stdin, process.stderr) : undefined
