import { utilityProcess } from 'electron'
import type { FromEngine } from '../engines/process/messages'
import type { ProcessPort } from '../engines/process/port'

/** Engine processes inside Electron: `fork` is fused off in the packaged program, utility processes are not. */
export const utilityPort: ProcessPort = (entry, args, env) => {
  const child = utilityProcess.fork(entry, [...args], {
    env: definedOf(env),
    stdio: ['ignore', 'ignore', 'pipe'],
    serviceName: `Lupine ${args[0] ?? 'engine'}`,
  })
  let running = true
  child.once('exit', () => (running = false))
  return {
    get pid() {
      return child.pid
    },
    send: (message) => {
      if (running) child.postMessage(message)
    },
    onMessage: (listener) => void child.on('message', (message: unknown) => listener(message as FromEngine)),
    onExit: (listener) => void child.once('exit', (code) => listener(`exit code ${code}`)),
    onStderr: (listener) => void child.stderr?.on('data', (text: unknown) => listener(String(text))),
    // `child.kill()` asks with SIGTERM, which an engine deep in a native call would not hear.
    kill: () => {
      if (running && child.pid !== undefined) process.kill(child.pid, 'SIGKILL')
    },
  }
}

const definedOf = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined))
