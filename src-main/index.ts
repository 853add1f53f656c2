/** What Electron runs: a command line in argv, or a window. */
import { createProgram } from './program/create'
import { isCommandLine, runCommandLine } from './shell/command-line'
import { startShell } from './shell/start'

// Not awaited: Electron is ready only after this module has been evaluated, and both wait for that.
if (isCommandLine()) void runCommandLine(() => import('./cli/main'))
else void startShell(createProgram)
