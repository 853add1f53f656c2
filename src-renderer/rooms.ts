import { onScopeDispose, shallowRef, type Component, type ShallowRef } from 'vue'
import LogView from './features/log/LogView.vue'
import RunView from './features/run/RunView.vue'

export interface Room {
  readonly id: string
  readonly name: string
  readonly view: Component
  /** The path of a 20 × 20 drawing, stroked. */
  readonly icon: string
}

/** The rooms of the activity rail, in the order of work. Only those that exist. */
export const rooms: readonly Room[] = [
  { id: 'run', name: 'Run', view: RunView, icon: 'M3 16V11h4V8h4V5h4V2.5M3 16h14' },
  { id: 'log', name: 'Log', view: LogView, icon: 'M4 5h12M4 8.5h12M4 12h12M4 15.5h7' },
]

const firstRoom = rooms[0]!
const roomOfHash = (): Room => rooms.find((room) => `#${room.id}` === window.location.hash) ?? firstRoom

/** The room that the address names (`#log`), so that going back and reloading keep it. */
export function useRoom(): ShallowRef<Room> {
  const room = shallowRef(roomOfHash())
  const follow = (): void => {
    room.value = roomOfHash()
  }
  window.addEventListener('hashchange', follow)
  onScopeDispose(() => window.removeEventListener('hashchange', follow))
  return room
}
