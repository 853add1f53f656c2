import { goTo, rooms } from '../rooms'
import { useCommand } from '../stores/commands'
import { useJobs } from '../stores/jobs'
import { useSettings } from '../stores/settings'

/** What F6 goes through, in the order of reading. */
const panes = ['nav[aria-label=Rooms] a[aria-current]', '#main', '#inspector', '#bottom', '#status']

/** The commands that work in every room. */
export function useFrameCommands(): void {
  const store = useSettings()
  const { settings } = store
  const jobs = useJobs()

  for (const room of rooms) useCommand(room.command, () => goTo(room))
  useCommand('view.inspector', () => void (settings.inspector.isOpen = !settings.inspector.isOpen))
  useCommand('view.bottom', () => void (settings.bottom.isOpen = !settings.bottom.isOpen))
  useCommand('view.theme', () => void (settings.theme = store.theme === 'dark' ? 'light' : 'dark'))
  useCommand('view.reset', () => store.resetLayout())
  useCommand('view.next-pane', focusNextPane)

  const command = (name: 'pause' | 'continue' | 'cancel') => (): void => {
    if (jobs.live) void jobs.command(name, jobs.live.id)
  }
  useCommand('job.pause', command('pause'), () => jobs.live?.state === 'running')
  useCommand('job.continue', command('continue'), () => jobs.live?.state === 'paused')
  useCommand('job.cancel', command('cancel'), () => jobs.live !== undefined)
}

function focusNextPane(): void {
  const there = panes
    .map((selector) => document.querySelector<HTMLElement>(selector))
    .filter((pane) => pane !== null)
    .filter((pane) => pane.checkVisibility())
  const at = there.findIndex((pane) => pane === document.activeElement || pane.contains(document.activeElement))
  there[(at + 1) % there.length]?.focus()
}
