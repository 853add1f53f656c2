/**
 * What can be commanded in the window, and by which keys: data for the palette, the list of shortcuts, the keyboard and
 * Electron's menu. A command that nothing has registered is not offered, so rooms may come later than their row here.
 */
export interface CommandRow {
  readonly id: string
  readonly title: string
  readonly group: 'Go to' | 'File' | 'Edit' | 'View' | 'Job' | 'Help'
  /** As Electron writes accelerators; the first is the one shown. */
  readonly keys?: readonly string[]
}

export const commandRows = [
  { id: 'go.model', title: 'Model', group: 'Go to', keys: ['CmdOrCtrl+1'] },
  { id: 'go.data', title: 'Data', group: 'Go to', keys: ['CmdOrCtrl+2'] },
  { id: 'go.board', title: 'Board', group: 'Go to', keys: ['CmdOrCtrl+3'] },
  { id: 'go.search', title: 'Search', group: 'Go to', keys: ['CmdOrCtrl+4'] },
  { id: 'go.finetune', title: 'Fine-tune', group: 'Go to', keys: ['CmdOrCtrl+5'] },
  { id: 'go.compare', title: 'Compare & deploy', group: 'Go to', keys: ['CmdOrCtrl+6'] },
  { id: 'go.log', title: 'Log', group: 'Go to', keys: ['CmdOrCtrl+9'] },
  { id: 'go.settings', title: 'Settings', group: 'Go to', keys: ['CmdOrCtrl+,'] },
  { id: 'file.open', title: 'Open a model …', group: 'File', keys: ['CmdOrCtrl+O'] },
  { id: 'file.open-project', title: 'Open a project …', group: 'File' },
  { id: 'file.copy-command', title: 'Copy the command line', group: 'File' },
  { id: 'edit.undo', title: 'Undo', group: 'Edit', keys: ['CmdOrCtrl+Z'] },
  { id: 'edit.redo', title: 'Redo', group: 'Edit', keys: ['CmdOrCtrl+Shift+Z', 'CmdOrCtrl+Y'] },
  { id: 'edit.find', title: 'Find a layer', group: 'Edit', keys: ['CmdOrCtrl+F'] },
  { id: 'view.palette', title: 'Command palette', group: 'View', keys: ['CmdOrCtrl+K', 'CmdOrCtrl+Shift+P'] },
  { id: 'view.inspector', title: 'Show or hide the inspector', group: 'View', keys: ['CmdOrCtrl+I'] },
  { id: 'view.bottom', title: 'Show or hide the panel below', group: 'View', keys: ['CmdOrCtrl+J'] },
  { id: 'view.terminal', title: 'Terminal of the board', group: 'View', keys: ['CmdOrCtrl+`'] },
  { id: 'view.theme', title: 'Dark or light', group: 'View' },
  { id: 'view.next-pane', title: 'Next pane', group: 'View', keys: ['F6'] },
  { id: 'view.reset', title: 'Reset the layout', group: 'View' },
  { id: 'job.pause', title: 'Pause', group: 'Job' },
  { id: 'job.continue', title: 'Continue', group: 'Job' },
  { id: 'job.cancel', title: 'Interrupt', group: 'Job' },
  { id: 'job.resume', title: 'Resume', group: 'Job' },
  { id: 'help.shortcuts', title: 'Keyboard shortcuts', group: 'Help', keys: ['CmdOrCtrl+/', '?'] },
  { id: 'help.tour', title: 'First steps, on the sample', group: 'Help' },
] as const satisfies readonly CommandRow[]

export type CommandId = (typeof commandRows)[number]['id']

export const commandRow = (id: CommandId): CommandRow => commandRows.find((row) => row.id === id)!
