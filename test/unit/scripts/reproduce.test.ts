import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { curvesOf, eventsOf, workedMinutes } from '../../../scripts/reproduce/events.mjs'
import { temporaryFolder } from '../../fixtures/temporary'

const at = (job: string, minute: number, data?: object) => ({
  ...{ type: 'progress', stage: 'method', job, data },
  time: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
})
const epoch = (epoch: number, loss: number) => ({ epoch: { epoch, loss, top1: 0.5, lr: 0.1, pruned: { rate: 0.25 } } })
const events = [
  at('a', 0),
  at('a', 3, epoch(1, 2)),
  at('a', 5, epoch(2, 1.5)),
  at('b', 60),
  at('b', 62, epoch(2, 1.4)),
  at('b', 64, { step: { epoch: 3 } }),
]

it('counts the minutes of every sitting, and not those between', () => {
  expect(workedMinutes(events)).toBe(9)
  expect(workedMinutes([])).toBe(0)
})

it('draws curves of epochs, of a repeated one as it was done last', () => {
  const about = { stage: 'method', top1: 0.5, lr: 0.1, rate: 0.25 }
  expect(curvesOf(events)).toEqual([
    { ...about, epoch: 1, loss: 2 },
    { ...about, epoch: 2, loss: 1.4 },
  ])
})

it('reads the events of a run that was killed as it wrote one, and of none', () => {
  const folder = temporaryFolder('events')
  expect(eventsOf(folder)).toEqual([])
  writeFileSync(
    join(folder, 'events.jsonl'),
    `${events.map((event) => JSON.stringify(event)).join('\n')}\n{"type":"pro`,
  )
  expect(eventsOf(folder)).toHaveLength(events.length)
})
