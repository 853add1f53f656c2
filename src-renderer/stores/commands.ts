import { defineStore } from 'pinia'
import { computed, onScopeDispose, shallowReactive } from 'vue'
import { commandRows, type CommandId } from '../../src-main/contract/commands'

interface Registered {
  readonly run: () => void
  readonly enabled: () => boolean
}

/** Which of the table's commands can be carried out now, and how. */
export const useCommands = defineStore('commands', () => {
  const registered = shallowReactive(new Map<CommandId, Registered>())

  const isAvailable = (id: CommandId): boolean => registered.get(id)?.enabled() ?? false
  const available = computed(() => commandRows.filter((row) => isAvailable(row.id)))

  function register(id: CommandId, command: Registered): () => void {
    registered.set(id, command)
    return () => {
      // A room that has come since may have taken its place.
      if (registered.get(id) === command) registered.delete(id)
    }
  }

  function run(id: CommandId): void {
    if (isAvailable(id)) registered.get(id)?.run()
  }

  return { available, isAvailable, register, run }
})

/** Offers a command while the component lives. */
export function useCommand(id: CommandId, run: () => void, enabled: () => boolean = () => true): void {
  onScopeDispose(useCommands().register(id, { run, enabled }))
}
