import type { MenuItemConstructorOptions } from 'electron'
import type { FileEntry } from '../contract'
import { commandRows, type CommandId, type CommandRow } from '../contract/commands'

export interface MenuActions {
  /** The page carries it out, as if its keys had been pressed. */
  command(id: CommandId): void
  /** @param id of a project opened before */
  open(id: string): void
}

/** Projects opened before. */
export type Recent = readonly Pick<FileEntry, 'id' | 'name'>[]

type Item = MenuItemConstructorOptions
const line: Item = { type: 'separator' }

/** The menu as data: the commands of the page's own table, and the usual roles around them. */
export function menuTemplate(platform: NodeJS.Platform, actions: MenuActions, recent: Recent = []): Item[] {
  const isMac = platform === 'darwin'
  const of = (group: CommandRow['group']): Item[] =>
    (commandRows as readonly CommandRow[])
      .filter((row) => row.group === group)
      .map(({ id, title, keys }) => ({
        label: title,
        // Shown here, heard by the page: it knows which keys belong to the field one types in.
        ...(keys?.[0] && { accelerator: keys[0], registerAccelerator: false }),
        click: () => actions.command(id as CommandId),
      }))
  const recents: Item[] = recent.map(({ id, name }) => ({ label: name, click: () => actions.open(id) }))
  return [
    ...(isMac ? [{ role: 'appMenu' } satisfies Item] : []),
    {
      label: '&File',
      submenu: [
        ...of('File'),
        { label: 'Open recent', enabled: recents.length > 0, submenu: recents },
        line,
        { role: isMac ? 'close' : 'quit' },
      ],
    },
    {
      label: '&Edit',
      submenu: [...of('Edit'), line, { role: 'cut' }, { role: 'copy' }, { role: 'paste' }, { role: 'selectAll' }],
    },
    { label: '&Go', submenu: of('Go to') },
    {
      label: '&View',
      submenu: [
        ...of('View'),
        line,
        ...(['reload', 'toggleDevTools', 'resetZoom', 'zoomIn', 'zoomOut', 'togglefullscreen'] as const).map(
          (role): Item => ({ role }),
        ),
      ],
    },
    { label: '&Job', submenu: of('Job') },
    { role: 'windowMenu' },
    { role: 'help', submenu: of('Help') },
  ]
}
