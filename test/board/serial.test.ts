/** Serial lines that are bad, break, or lead to a console where somebody is at work. */
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type Console, serialTo } from '../fixtures/board/console'
import { deviceFailure, effort, shape } from '../fixtures/board/device'
import { serialScene, whyNoSerial } from '../fixtures/board/serial-scene'

const why = whyNoSerial()

describe.skipIf(why)('a serial line', () => {
  const { model, start, board } = serialScene()
  it('that loses and changes bytes, with kernel messages in between, is measured all the same', async () => {
    const line = await start({ state: 'shell', noise: 3e-4, kernel: 0.9, seed: 3 })
    const its = board(serialTo(line.path, { query: 'baud=4000000' }))
    const raw = await its.measure([model, model, model], shape, { ...effort, rounds: 30, processes: 2 })
    expect(raw.processes.map(({ samples }) => samples.map((times) => times.length))).toEqual([
      [30, 30, 30],
      [30, 30, 30],
    ])
    line.tell('noise 0')
  })

  it('is waited for when its plug is pulled, and gone on with where it is back', async () => {
    const [first, notes]: [Console, string[]] = [await start(), []]
    let now = first
    // As a link of /dev/serial/by-id does, the name stays.
    const transport = { place: 'the port', forget: () => Promise.resolve() }
    const its = board(
      Object.assign(serialTo(first.path), transport, {
        connect: (signal?: AbortSignal) => serialTo(now.path).connect(signal),
      }),
      { note: (_, text) => void notes.push(text) },
    )
    await its.key()
    let cuts = 0
    const raw = await its.measure([model], shape, {
      ...{ ...effort, processes: 2, rounds: 200 },
      onProgress() {
        if (cuts++ > 0) return
        void first.cut().then(async () => (now = await start()))
      },
    })
    expect(raw.processes.map(({ samples }) => samples[0]!.length)).toEqual([200, 200])
    expect(cuts).toBeGreaterThan(0)
    expect(notes.join(' ')).toContain('Waiting for it; what was measured is kept.')
  })

  it('frozen for a while: waited out when it is short, connected to again when it is long', async () => {
    const [line, notes]: [Console, string[]] = [await start(), []]
    const transport = serialTo(line.path, { times: { silence: 3000, ask: 300, again: 300 } })
    const its = board(transport, { note: (_, text) => void notes.push(text) })
    await its.key()
    for (const [ms, waited] of [
      [1200, 0],
      [5000, 1],
    ] as const) {
      let freezes = 0
      const measuring = its.measure([model], shape, {
        ...{ ...effort, rounds: 200 },
        onProgress() {
          if (freezes++ > 0) return
          line.tell('freeze')
          void setTimeout(ms).then(() => line.tell('thaw'))
        },
      })
      expect((await measuring).processes).toHaveLength(1)
      expect(notes.filter((text) => text.includes('Waiting for it'))).toHaveLength(waited)
    }
  })

  it('that says nothing at all is given up', async () => {
    const line = await start({ state: 'mute' })
    await expect(serialTo(line.path).connect()).rejects.toMatchObject(deviceFailure('serial-silent', /Nothing answers/))
  })

  it('at whose console a program runs is left alone', async () => {
    const line = await start({ state: 'busy' })
    await expect(serialTo(line.path).connect()).rejects.toMatchObject(
      deviceFailure('console-busy', /Somebody is at work/),
    )
  })
})
