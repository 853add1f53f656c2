import { fork } from 'node:child_process'
import type { FromEngine, ToEngine } from './messages'

/** A started process, whatever started it. */
export interface ChildLine {
  readonly pid: number | undefined
  send(message: ToEngine): void
  onMessage(listener: (message: FromEngine) => void): void
  /** `reason`: an exit code or a signal's name. */
  onExit(listener: (reason: string) => void): void
  /** What it wrote to stderr. */
  onStderr(listener: (text: string) => void): void
  kill(): void
}

/** Starts a program with arguments. In the packaged window `fork` is fused off, and Electron's utility process serves. */
export type ProcessPort = (entry: string, args: readonly string[], env: NodeJS.ProcessEnv) => ChildLine

export const forkPort: ProcessPort = (entry, args, env) => {
  // A group of its own would survive Ctrl-C; but the parent must decide, so the terminal's signal is ignored there.
  const child = fork(entry, args, { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'], serialization: 'json' })
  return {
    pid: child.pid,
    send: (message) => void (child.connected && child.send(message, () => {})),
    onMessage: (listener) => void child.on('message', (message) => listener(message as FromEngine)),
    onExit: (listener) => {
      child.once('exit', (code, signal) => listener(signal ?? `exit code ${code}`))
      child.once('error', (error) => listener(error.message))
    },
    onStderr: (listener) => void child.stderr?.setEncoding('utf8').on('data', listener),
    kill: () => void child.kill('SIGKILL'),
  }
}
