import { onScopeDispose } from 'vue'
import { useCommands } from '../stores/commands'
import { belongsToField, commandOf, isApple } from './keys'

export const apple = isApple(navigator.platform)

/** Listens to the keyboard as long as the component lives. */
export function useShortcuts(): void {
  const commands = useCommands()
  const onKeydown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing) return
    const id = commandOf(event, apple)
    if (!id || belongsToField(id, event, event.target) || !commands.isAvailable(id)) return
    // A dialog that asks something has the keyboard to itself.
    if (document.querySelector('dialog[open]')) return
    event.preventDefault()
    commands.run(id)
  }
  window.addEventListener('keydown', onKeydown)
  onScopeDispose(() => window.removeEventListener('keydown', onKeydown))
}
