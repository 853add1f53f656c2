import { BrowserWindow, type WebContents, type WebPreferences } from 'electron'
import { isOwnPage, pageUrl } from './origin'

/** All of Chromium's walls up. They are Electron's defaults too; written out, so that nobody takes one down unseen. */
export const safePreferences: WebPreferences = {
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  webviewTag: false,
  navigateOnDragDrop: false,
  spellcheck: false,
}

/** The one window. Shown once its page has drawn itself: no white flash in a dark room. */
export function openWindow(preload: string): BrowserWindow {
  const window = new BrowserWindow({
    width: 1280,
    height: 860,
    minWidth: 640,
    minHeight: 420,
    title: 'Lupine',
    show: false,
    webPreferences: { ...safePreferences, preload },
  })
  window.once('ready-to-show', () => window.show())
  keepInside(window.webContents)
  void window.loadURL(pageUrl)
  return window
}

/** The page stays ours: it goes nowhere else, opens nothing, embeds nothing. */
export function keepInside(contents: WebContents): void {
  contents.on('will-navigate', (event) => {
    if (!isOwnPage(event.url)) event.preventDefault()
  })
  contents.on('will-redirect', (event) => {
    if (!isOwnPage(event.url)) event.preventDefault()
  })
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
}
