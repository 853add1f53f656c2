import { app } from 'electron'
import { useProcessPort } from '../engines/process/start'
import { utilityPort } from './processes'

/** What follows the program's name: [electron, folder, …] in a checkout, [program, …] when packaged. */
export const commandLineOf = (argv: readonly string[], isPackaged: boolean): readonly string[] =>
  argv.slice(isPackaged ? 1 : 2)

/** A command has a name; Chromium's own switches and an opened file's path have not. */
export const namesCommand = ([first]: readonly string[]): boolean => first !== undefined && /^[a-z]+$/.test(first)

export const isCommandLine = (): boolean => namesCommand(commandLineOf(process.argv, app.isPackaged))

/** Runs the command line in Electron's process and ends with its exit code. */
export async function runCommandLine(load: () => Promise<unknown>): Promise<void> {
  // Utility processes exist only once the app is ready.
  await app.whenReady()
  useProcessPort(utilityPort)
  // cli/main.ts reads argv as Node gives it; importing it runs it to its end.
  if (app.isPackaged) process.argv.splice(1, 0, app.getAppPath())
  await load().catch((error: unknown) => {
    console.error(error)
    process.exitCode = 1
  })
  app.exit(Number(process.exitCode ?? 0))
}
