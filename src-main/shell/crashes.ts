import { app, dialog, type BrowserWindow } from 'electron'

/** A page that goes down again this soon (ms) is not simply loaded once more. */
const againWithinMs = 60_000

/**
 * What the page can't tell itself: that it went down, or hangs. Jobs belong to the program and go on. Engines that end
 * are told by their job, with the way out (engines/process).
 */
export function watchPage(window: BrowserWindow): void {
  let last = -Infinity
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit' || reason === 'killed') return
    const again = performance.now() - last < againWithinMs
    last = performance.now()
    if (!again) return window.webContents.reload()
    void ask(window, `The window went down twice (${reason}).`, ['Load it again', 'Quit']).then((choice) =>
      choice === 0 ? window.webContents.reload() : app.quit(),
    )
  })
  window.on('unresponsive', () => {
    void ask(window, 'The window does not respond.', ['Wait', 'Load it again']).then((choice) => {
      if (choice === 1) window.webContents.forcefullyCrashRenderer()
      if (choice === 1) window.webContents.reload()
    })
  })
}

async function ask(window: BrowserWindow, message: string, buttons: string[]): Promise<number> {
  const detail = 'Jobs are not touched by that: they go on, and are there again with the window.'
  const { response } = await dialog.showMessageBox(window, { type: 'warning', message, detail, buttons })
  return response
}
