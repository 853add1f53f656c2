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

it('offers the published recipes, says what each is, and what is filled in goes before', async () => {
  const { client, line } = setting()
  const room = (view = mountWith(FinetuneRoom, client))
  line.connect()
  await settle()
  const field = (label: string) => {
    const found = room.findAll('label').find((one) => one.text() === label)
    return room.get(`[id="${found?.attributes('for')}"]`)
  }
  const command = () =>
    room
      .text()
      .match(/lupine finetune[^\n]*?(?=Copy)/)?.[0]
      .trim()
  expect(field('Recipe').findAll('option')).toHaveLength(11)
  expect(command()).toBe('lupine finetune --epochs 12')
  await field('Recipe').setValue('sfp')
  expect(room.text()).toContain('He et al., IJCAI 2018 (CIFAR): 200 epochs of batches of 128')
  expect(room.text()).toContain('a rate of 0.1, times 0.2 after epoch 60, 120, 160; Nesterov momentum 0.9, L2 0.0005')
  expect(command()).toBe('lupine finetune --recipe sfp')
  expect(field('Epochs').attributes('placeholder')).toBe('200')
  await field('Epochs').setValue('20')
  await field('Learning rate').setValue('0.02')
  expect(room.text()).toContain('20 epochs of batches of 128; a rate of 0.1, times 0.2 after epoch 6, 12, 16')
  expect(command()).toBe('lupine finetune --recipe sfp --epochs 20 --lr 0.02')
})
