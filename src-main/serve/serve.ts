import { homedir } from 'node:os'
import { statSync } from 'node:fs'
import { fail } from '../core/failure'
import type { Program } from '../program/program'
import { startServer } from './server'

/**
 * The folders whose files windows may use; when none is given, where the command was typed and where people keep theirs.
 * @throws LupineError usage 'root-missing'
 */
export function rootsOf(given: readonly string[] = [process.cwd(), homedir()]): readonly string[] {
  for (const root of given)
    if (!statSync(root, { throwIfNoEntry: false })?.isDirectory())
      throw fail('usage', 'root-missing', `--root ${root}: there is no such folder.`, 'Give a folder that exists.')
  return given
}

export interface ServeCommand {
  readonly port?: number | undefined
  /** What to listen on; default: this computer alone. */
  readonly host?: string | undefined
  /** Called once, with the address to open (it carries the token). */
  readonly announce: (url: string) => void
}

/**
 * Serves until SIGINT or SIGTERM, then interrupts the jobs and resolves. A second signal ends the process at once.
 * @throws LupineError when it can't listen
 */
export async function serveUntilStopped(program: Program, command: ServeCommand): Promise<void> {
  // LUPINE_TOKEN keeps the address valid across restarts, for those who run this as a service of their own.
  const server = await startServer(program, { port: command.port, host: command.host, token: process.env.LUPINE_TOKEN })
  command.announce(server.url)
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
  process.once('SIGINT', () => process.exit(130))
  await server.close()
}
