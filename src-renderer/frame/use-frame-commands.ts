import { commandRows } from '../../src-main/contract/commands'
import { goTo, rooms } from '../rooms'
import { useClient } from '../stores/client'
import { useCommand, useCommands } from '../stores/commands'
import { useFiles } from '../stores/files'
import { useJobs } from '../stores/jobs'
import { isResumable } from '../stores/job-view'
import { useModel } from '../stores/model'
import { useOpening } from '../stores/opening'
import { useProjects } from '../stores/projects'
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
  useCommand('view.terminal', () => {
    settings.bottomTab = 'terminal'
    settings.bottom.isOpen = true
  })
  useCommand('view.theme', () => void (settings.theme = store.theme === 'dark' ? 'light' : 'dark'))
  useCommand('view.reset', () => store.resetLayout())
  useCommand('view.next-pane', focusNextPane)

  const opening = useOpening()
  const model = useModel()
  const files = useFiles()
  const projects = useProjects()
  useCommand('file.open', () => {
    goTo({ id: 'model' })
    if (files.hasDialogs) void opening.pick()
    else model.close()
  })
  useCommand(
    'file.open-project',
    () => {
      goTo({ id: 'search' })
      void projects.pick()
    },
    // Elsewhere the Search room browses for them.
    () => files.hasDialogs,
  )
  useCommand('help.shortcuts', () => goTo({ id: 'settings' }))
  useCommand(
    'job.resume',
    () => void (jobs.current && jobs.resume(jobs.current)),
    () => jobs.current !== undefined && isResumable(jobs.current),
  )

  // The native menu and the system speak to the window, too.
  const commands = useCommands()
  useClient().onNotice((notice) => {
    if (notice.type === 'command') {
      const row = commandRows.find(({ id }) => id === notice.command)
      if (row) commands.run(row.id)
    } else if (notice.type === 'open' && notice.entry.kind === 'project') {
      goTo({ id: 'search' })
      void projects.open(notice.entry)
    } else if (notice.type === 'open') {
      goTo({ id: 'model' })
      void opening.open(notice.entry)
    }
  })

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
