import type { VueWrapper } from '@vue/test-utils'
import { afterEach, expect, it, vi } from 'vitest'
import FinetuneRoom from '../../src-renderer/features/finetune/FinetuneRoom.vue'
import { mountWith, settle, setting } from './fake-client'

let view: VueWrapper | undefined
afterEach(() => view?.unmount())

/** Up to the middle of the fourth of four epochs. */
const midFinetune = 136

it('shows epochs and the best checkpoint, and ends a training early with it', async () => {
  const { client, line, program } = setting()
  const room = (view = mountWith(FinetuneRoom, client))
  line.connect()
  await settle()
  expect(room.text()).toContain('Nothing has been trained yet')
  await program.start('demo', {})
  program.step(midFinetune)
  // Other windows' jobs are looked for every three seconds; a connection looks at once.
  line.break()
  line.connect()
  const facts = () => room.text().replaceAll(/\s+/g, ' ')
  await vi.waitFor(() => expect(facts()).toMatch(/Epoch ?4 of 4 ?Best checkpoint ?epoch 3, 92\.40 %/), 5000)
  const keep = room.findAll('button').find((one) => one.text() === 'Stop and keep the best')
  await keep?.trigger('click')
  await settle()
  expect(program.calls).toContain('jobs.conclude')
  await vi.waitFor(() => expect(room.text()).toContain('Ends after epoch 4; the best epoch’s weights are kept.'))
  program.step(300)
  await vi.waitFor(() => expect(room.text()).not.toContain('Stop and keep'))
})
