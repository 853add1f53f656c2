import { defineAsyncComponent, onScopeDispose, shallowRef, type Component, type ShallowRef } from 'vue'
import { commandRow, type CommandId } from '../src-main/contract/commands'
import RoomLoading from './frame/RoomLoading.vue'
import RoomNotLoaded from './frame/RoomNotLoaded.vue'
import ModelView from './features/model/ModelView.vue'

export interface Room {
  readonly id: string
  readonly name: string
  /** Its row in the table of commands. */
  readonly command: CommandId
  readonly view: Component
  /** The path of a 20 × 20 drawing, stroked. */
  readonly icon: string
  /** Below the others, at the rail's foot. */
  readonly atFoot?: boolean
}

const room = (id: string, icon: string, view: Component, more: Pick<Room, 'atFoot'> = {}): Room => {
  const command = `go.${id}` as CommandId
  return { id, name: commandRow(command).title, command, view, icon, ...more }
}

/** A room that is fetched when it is first entered. */
const lazy = (loader: () => Promise<Component>): Component =>
  defineAsyncComponent({ loader, loadingComponent: RoomLoading, errorComponent: RoomNotLoaded })

/** The rooms of the activity rail, in the order of work. Only those that exist. The first is loaded with the page. */
export const rooms: readonly Room[] = [
  room('model', 'M10 2.5v3M4 8h12v4H4zM10 5.5V8M10 12v2.5M6.5 14.5h7v3h-7z', ModelView),
  room(
    'data',
    'M3 4h6v5H3zM11 4h6v5h-6zM3 11h6v5H3zM11 11h6v5h-6z',
    lazy(() => import('./features/data/DataView.vue')),
  ),
  room(
    'board',
    'M4 4h12v12H4zM8 8h4v4H8zM7 1.5V4M13 1.5V4M7 16v2.5M13 16v2.5M1.5 7H4M1.5 13H4M16 7h2.5M16 13h2.5',
    lazy(() => import('./features/board/BoardRoom.vue')),
  ),
  room(
    'search',
    'M3 16V11h4V8h4V5h4V2.5M3 16h14',
    lazy(() => import('./features/search/SearchRoom.vue')),
  ),
  room(
    'finetune',
    'M2.5 3.5v13h15M4.5 6c2 6.5 5 7.5 12 8',
    lazy(() => import('./features/finetune/FinetuneRoom.vue')),
  ),
  room(
    'compare',
    'M10 2.5v15M3 6h14M3 6l-1.5 6h5L5 6M17 6l-1.5 6h5L17 6',
    lazy(() => import('./features/compare/CompareRoom.vue')),
  ),
  room(
    'log',
    'M4 5h12M4 8.5h12M4 12h12M4 15.5h7',
    lazy(() => import('./features/log/LogView.vue')),
    { atFoot: true },
  ),
  room(
    'settings',
    'M3 6h8M15 6h2M13 4v4M3 14h2M9 14h8M7 12v4',
    lazy(() => import('./features/settings/SettingsView.vue')),
    { atFoot: true },
  ),
]

const firstRoom = rooms[0]!
const roomOfHash = (): Room => rooms.find((room) => `#${room.id}` === window.location.hash) ?? firstRoom

export const goTo = (room: Pick<Room, 'id'>): void => void (window.location.hash = room.id)

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
