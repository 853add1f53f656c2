import { app, ipcMain, Menu, session, type BrowserWindow } from 'electron'
import { join } from 'node:path'
import { useProcessPort } from '../engines/process/start'
import type { Ports } from '../program/create'
import type { Program } from '../program/program'
import { rendererFolder } from '../serve/page'
import { commandLineOf } from './command-line'
import { watchPage } from './crashes'
import { createDialogs } from './dialogs'
import { connectWindow, type WindowLine } from './ipc'
import { createKeychain } from './keychain'
import { Leaving } from './leaving'
import { menuTemplate } from './menu'
import { openedBy } from './opening'
import { restrictPermissions } from './permissions'
import { utilityPort } from './processes'
import { registerScheme, servePage } from './protocol'
import { openWindow } from './windows'

/**
 * Shows the program in a window until it is quit. A second start brings the first one's window to the front, with what it
 * was to open. What has to precede Electron's readiness happens before the first await.
 */
export async function startShell(
  createProgram: (ports: Ports) => Program,
  findPage: () => string = rendererFolder,
): Promise<void> {
  if (!app.requestSingleInstanceLock()) return app.quit()
  registerScheme()
  // Every renderer in the sandbox, also one that a later window forgets to ask for.
  app.enableSandbox()
  // macOS tells files this way, and may do so before all is ready.
  const early: string[] = []
  let open = (path: string): void => void early.push(path)
  app.on('open-file', (event, path) => {
    event.preventDefault()
    open(path)
  })
  await app.whenReady()
  const page = findPage()
  useProcessPort(utilityPort)
  let shown: { window: BrowserWindow; line: WindowLine } | undefined
  const current = (): BrowserWindow | undefined => shown?.window
  const program = createProgram({
    windows: { roots: [], dialogs: createDialogs(current), keychain: createKeychain() },
  })
  restrictPermissions(session.defaultSession)
  servePage(page)
  const leaving = new Leaving(program, current)

  const show = () => {
    if (shown && !shown.window.isDestroyed()) return shown
    const window = openWindow(join(page, '../preload/preload.cjs'))
    leaving.guard(window)
    watchPage(window)
    shown = { window, line: connectWindow(program, window.webContents, ipcMain) }
    return shown
  }
  open = (path) => void openInWindow(path)
  async function openInWindow(path: string): Promise<void> {
    app.addRecentDocument(path)
    const { window, line } = show()
    window.focus()
    line.tell({ type: 'open', entry: await program.windows!.grant(path) })
  }
  async function drawMenu(): Promise<void> {
    const recent = await program.call('projects.recent', {})
    const there = recent.ok ? recent.value.projects.filter((one) => one.there) : []
    const actions = {
      command: (command: string) => show().line.tell({ type: 'command', command }),
      open: (id: string) => void program.windows!.reach(id).then(({ path }) => open(path)),
    }
    const entries = there.slice(0, 10).map(({ project }) => project)
    Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(process.platform, actions, entries)))
  }

  app.on('second-instance', (_event, argv, folder) => {
    show().window.focus()
    openedBy(commandLineOf(argv, app.isPackaged), folder).forEach(open)
  })
  app.on('activate', () => void show())
  app.on('window-all-closed', () => app.quit())
  // Projects come to be opened while the window is in use: the menu is up to date when one comes back to it.
  app.on('browser-window-focus', () => void drawMenu())
  await drawMenu()
  show()
  for (const path of [...early, ...openedBy(commandLineOf(process.argv, app.isPackaged), process.cwd())]) open(path)
}
