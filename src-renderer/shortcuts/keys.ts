import { commandRows, type CommandId } from '../../src-main/contract/commands'

/** What of a keyboard event counts. */
export type Press = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>

export const isApple = (platform: string): boolean => /mac|iphone|ipad/i.test(platform)

/** Whether an accelerator as Electron writes it ("CmdOrCtrl+Shift+P") is what was pressed. */
export function matches(accelerator: string, press: Press, apple: boolean): boolean {
  const parts = accelerator.split('+')
  const key = parts.at(-1) ?? ''
  const wants = (name: string): boolean => parts.includes(name)
  const command = apple ? press.metaKey : press.ctrlKey
  const other = apple ? press.ctrlKey : press.metaKey
  if (wants('CmdOrCtrl') !== command || other || wants('Alt') !== press.altKey) return false
  if (press.key.toLowerCase() !== key.toLowerCase()) return false
  // A sign like "?" already says whether Shift is needed; that differs between keyboards.
  return /^[a-z]$|^F\d+$/i.test(key) ? wants('Shift') === press.shiftKey : true
}

/** The command that the keys are for. */
export const commandOf = (press: Press, apple: boolean): CommandId | undefined =>
  commandRows.find((row) => 'keys' in row && row.keys.some((keys) => matches(keys, press, apple)))?.id

const appleSigns: Readonly<Record<string, string>> = { CmdOrCtrl: '⌘', Shift: '⇧', Alt: '⌥' }

/** "Ctrl+Shift+P", or "⇧⌘P" where that is the custom. */
export function keysText(accelerator: string, apple: boolean): string {
  const parts = accelerator.split('+')
  if (!apple) return parts.map((part) => (part === 'CmdOrCtrl' ? 'Ctrl' : part)).join('+')
  const order = ['Alt', 'Shift', 'CmdOrCtrl']
  const signs = order.filter((part) => parts.includes(part)).map((part) => appleSigns[part])
  return [...signs, parts.at(-1)].join('')
}

/** Keys without a modifier, and undo and redo, belong to the field one types in. */
export function belongsToField(id: CommandId, press: Press, target: EventTarget | null): boolean {
  const editable =
    target instanceof HTMLElement &&
    (target.isContentEditable || (target.matches('input, textarea, select') && !target.matches('[type=checkbox]')))
  if (!editable) return false
  const plain = !press.ctrlKey && !press.metaKey && !/^F\d+$/.test(press.key)
  return plain || id === 'edit.undo' || id === 'edit.redo'
}
