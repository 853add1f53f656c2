import type { MenuItemConstructorOptions } from 'electron'

/** The menu as data. Only what works: the usual roles, and the rooms of the activity rail. */
export function menuTemplate(platform: NodeJS.Platform, go: (room: string) => void): MenuItemConstructorOptions[] {
  const isMac = platform === 'darwin'
  const app: MenuItemConstructorOptions[] = isMac ? [{ role: 'appMenu' }] : []
  return [
    ...app,
    { label: '&File', submenu: [{ role: isMac ? 'close' : 'quit' }] },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        { label: 'Run', accelerator: 'CmdOrCtrl+1', click: () => go('run') },
        { label: 'Log', accelerator: 'CmdOrCtrl+2', click: () => go('log') },
        { type: 'separator' },
        { role: 'reload' },
        { role: 'toggleDevTools' },
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
      ],
    },
    { role: 'windowMenu' },
  ]
}
