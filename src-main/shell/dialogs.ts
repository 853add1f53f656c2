import { dialog, shell, type BrowserWindow, type FileFilter, type OpenDialogOptions } from 'electron'
import type { Dialogs } from '../program/files/files'

type Want = Parameters<Dialogs['pick']>[0]['want']

const filters: Partial<Record<Want, FileFilter[]>> = {
  model: [{ name: 'ONNX models', extensions: ['onnx'] }],
  plan: [{ name: 'Pruning plans', extensions: ['json'] }],
}
const properties: Partial<Record<Want, OpenDialogOptions['properties']>> = {
  folder: ['openDirectory'],
  'new-folder': ['openDirectory', 'createDirectory', 'promptToCreate'],
}

/** The system's own dialogs, in front of our window. */
export function createDialogs(parent: () => BrowserWindow | undefined): Dialogs {
  return {
    async pick({ want, title, name, several }) {
      const window = parent()
      const shared = { ...(title && { title }), ...(filters[want] && { filters: filters[want] }) }
      if (want === 'save') {
        const options = { ...shared, ...(name && { defaultPath: name }) }
        const saved = await (window ? dialog.showSaveDialog(window, options) : dialog.showSaveDialog(options))
        return saved.canceled || !saved.filePath ? [] : [saved.filePath]
      }
      const multiple = several ? (['multiSelections'] as const) : []
      const options = { ...shared, properties: [...(properties[want] ?? ['openFile' as const]), ...multiple] }
      const opened = await (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options))
      return opened.canceled ? [] : opened.filePaths
    },
    reveal: (path) => shell.showItemInFolder(path),
  }
}
