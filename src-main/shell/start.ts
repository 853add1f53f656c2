import { app, dialog, ipcMain, Menu, session, type BrowserWindow } from 'electron'
import { join } from 'node:path'
import { useProcessPort } from '../engines/process/start'
import type { Program } from '../program/program'
import { rendererFolder } from '../serve/page'
import { connectWindow } from './ipc'
import { menuTemplate } from './menu'
import { pageUrl } from './origin'
import { restrictPermissions } from './permissions'
import { utilityPort } from './processes'
import { registerScheme, servePage } from './protocol'
import { openWindow } from './windows'

/** How long quitting waits for jobs to be interrupted and engines to end. */
const closeWithinMs = 10_000

/**
 * Shows the program in a window until it is quit. A second start brings the first one's window to the front. What has to
 * precede Electron's readiness happens before the first await.
 */
export async function startShell(createProgram: () => Program): Promise<void> {
  if (!app.requestSingleInstanceLock()) return app.quit()
  registerScheme()
  // Every renderer in the sandbox, also one that a later window forgets to ask for.
  app.enableSandbox()
  await app.whenReady()
  const page = rendererFolder()
  useProcessPort(utilityPort)
  const program = createProgram()
  restrictPermissions(session.defaultSession)
  servePage(page)

  let window: BrowserWindow | undefined
  const show = (): BrowserWindow => {
    if (window && !window.isDestroyed()) return window
    window = openWindow(join(page, '../preload/preload.cjs'))
    connectWindow(program, window.webContents, ipcMain)
    return window
  }
  Menu.setApplicationMenu(
    Menu.buildFromTemplate(menuTemplate(process.platform, (room) => void show().loadURL(`${pageUrl}#${room}`))),
  )
  app.on('second-instance', () => show().focus())
  app.on('activate', () => void show())
  app.on('window-all-closed', () => app.quit())
  closeBeforeQuit(program)
  show()
}

/** Jobs are interrupted in an orderly way, so that they can be resumed; but quitting always ends. */
function closeBeforeQuit(program: Program): void {
  let closed = false
  app.on('before-quit', (event) => {
    if (closed) return
    event.preventDefault()
    const late = new Promise<void>((resolve) => setTimeout(resolve, closeWithinMs))
    void Promise.race([program.close(), late])
      .catch((error: unknown) => dialog.showErrorBox('Lupine did not end properly', String(error)))
      .finally(() => {
        closed = true
        app.quit()
      })
  })
}
