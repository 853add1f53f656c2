import { useCommand } from './commands'

/** Lets the command "Copy the command line" copy this one while the component lives. */
export function useCopyCommand(text: () => string): void {
  useCommand('file.copy-command', () => {
    // Where copying is forbidden the button beside it says so.
    void navigator.clipboard.writeText(text()).catch(() => undefined)
  })
}
