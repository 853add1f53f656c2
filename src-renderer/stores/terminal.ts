import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { admitted } from '../client/addresses'
import type { OpenTerminal } from '../client/terminals'
import type { Failure } from '../../src-main/core/failure'
import { pasteText } from '../features/terminal/keys'
import { Parser } from '../features/terminal/parser'
import { Screen } from '../features/terminal/screen'
import { useClient } from './client'
import { useFiles } from './files'

/** The window's terminal: what it shows stays when its view is left, and what is on the line goes on meanwhile. */
export const useTerminal = defineStore('terminal', () => {
  const client = useClient()
  const files = useFiles()
  const state = ref<'none' | 'opening' | 'open' | 'ended'>('none')
  /** As it was asked for. */
  const device = ref('')
  const place = ref('')
  const failure = shallowRef<Failure>()
  const screen = shallowRef(new Screen())
  /** Another one whenever the screen shows something else. */
  const drawn = ref(0)
  /** Whether the board hears of the view's size. */
  const resizes = ref(false)
  const encoder = new TextEncoder()
  let parser = new Parser(screen.value, send)
  let line: OpenTerminal | undefined
  let frame: number | undefined

  function send(text: string): void {
    if (text !== '') line?.type(encoder.encode(text))
  }

  /** Once a frame, however much comes. */
  function redraw(): void {
    frame ??= requestAnimationFrame(() => {
      frame = undefined
      drawn.value++
    })
  }

  async function open(wanted: string): Promise<boolean> {
    if (state.value === 'opening' || state.value === 'open') return false
    state.value = 'opening'
    device.value = place.value = wanted
    failure.value = undefined
    const fresh = (screen.value = new Screen(screen.value.columns, screen.value.rows))
    parser = new Parser(fresh, send)
    const decoder = new TextDecoder()
    const address = await admitted(files, { device: wanted }, { device: 'device' })
    const { columns, rows } = fresh
    const result = address.ok
      ? await client.openTerminal(
          { ...address.value, columns, rows },
          {
            onData(bytes) {
              parser.read(decoder.decode(bytes, { stream: true }))
              redraw()
            },
            onEnd(why) {
              failure.value = why
              state.value = 'ended'
              line = undefined
            },
          },
        )
      : address
    if (!result.ok) {
      failure.value = result.failure
      state.value = 'ended'
      return false
    }
    line = result.value
    place.value = line.place
    resizes.value = line.resizes
    // A serial line can't tell its board a size; what runs there takes it for the usual one.
    if (!line.resizes) fresh.resize(80, 24)
    else if (fresh.columns !== columns || fresh.rows !== rows) line.resize(fresh.columns, fresh.rows)
    state.value = 'open'
    redraw()
    return true
  }

  /** What the view has room for. */
  function fit(columns: number, rows: number): void {
    const { value } = screen
    const isSerial = state.value === 'open' && !resizes.value
    if (isSerial || columns < 2 || rows < 2 || (columns === value.columns && rows === value.rows)) return
    value.resize(columns, rows)
    line?.resize(columns, rows)
    redraw()
  }

  return {
    ...{ state, device, place, failure, screen, drawn, resizes, open, fit, send },
    paste: (text: string) => send(pasteText(text, parser.marksPastes)),
    applicationKeys: () => parser.applicationKeys,
    close: () => line?.close(),
    clear(): void {
      screen.value.history.length = 0
      redraw()
    },
  }
})
