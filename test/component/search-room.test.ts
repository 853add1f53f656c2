import type { VueWrapper } from '@vue/test-utils'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import App from '../../src-renderer/App.vue'
import type { FakeOptions } from '../fixtures/fake-program'
import { mountWith, settle, setting } from './fake-client'

/** Rooms are fetched when they are entered; on a busy machine that takes a while. */
const patience = 10_000

let view: VueWrapper | undefined
// Rooms are fetched when they are entered; here that takes vite a while, once.
beforeAll(async () => void (await import('../../src-renderer/features/search/SearchRoom.vue')))
afterEach(() => {
  view?.unmount()
  window.location.hash = ''
})

async function open(options: FakeOptions = {}) {
  const own = setting(options)
  window.location.hash = '#search'
  const page = (view = mountWith(App, own.client))
  own.line.connect()
  // The room is fetched when it is entered.
  await vi.waitFor(() => expect(page.find('.start').exists()).toBe(true), patience)
  await settle()
  const button = (name: string) => page.findAll('button').find((one) => one.text() === name)
  const step = async (count: number) => {
    own.program.step(count)
    await settle()
  }
  return { ...own, page, button, step }
}

async function started(options: FakeOptions = {}) {
  const own = await open(options)
  await own.button('Start the sample run')?.trigger('click')
  await settle()
  return own
}

describe('before a run', () => {
  it('does not claim that there is none until it has asked', async () => {
    window.location.hash = '#search'
    const { client } = setting()
    const page = (view = mountWith(App, client))
    await vi.waitFor(() => expect(page.text()).toContain('Waiting for the program'), patience)
    expect(page.text()).not.toContain('New run')
  })

  it('offers the sample run, and says in place why it would not start', async () => {
    const refuse = { kind: 'input', code: 'no-sample', message: 'The sample is missing.', hint: 'Reinstall.' } as const
    const { page } = await started({ refuse })
    expect(page.get('[role=alert]').text()).toContain('The sample is missing.')
    expect(page.get('[role=alert]').text()).toContain('Copy details')
  })

  it('starts nothing without a connection', async () => {
    const { line, button, page } = await open()
    line.break()
    await settle()
    expect(button('Start the sample run')?.attributes('disabled')).toBeDefined()
    expect(button('Start the run')?.attributes('disabled')).toBeDefined()
    expect(page.get('[role=alert]').text()).toContain('stopped answering')
  })
})

describe('during a run', () => {
  it('shows stage, percent, time left and detail', async () => {
    const { page, step } = await started()
    await step(5)
    expect(page.get('[role=progressbar]').attributes()).toMatchObject({
      'aria-valuenow': '30',
      'aria-label': 'Import and clean up',
    })
    expect(page.text()).toContain('11 s left')
    expect(page.text()).toContain('step 3')
    expect(document.title).toBe('30 % Import and clean up – Lupine')
    expect(page.get('.pair').text()).toContain('93.39 %')
  })

  it('announces stages, not every per cent', async () => {
    const { page, step } = await started()
    await step(5)
    const announced = page.get('[aria-live=polite]').text()
    expect(announced).toBe('Stage 1 of 9: Import and clean up')
    await step(3)
    expect(page.get('[aria-live=polite]').text()).toBe(announced)
  })

  it('draws the search, with a sentence and a table for those who don’t see it', async () => {
    const { page, step } = await started()
    await step(60)
    const told = page.findAll('[aria-roledescription=chart]').map((one) => one.attributes('aria-label'))
    expect(told[0]).toMatch(/^Scatter plot of \d+ candidates, latency against accuracy; latencies predicted/)
    expect(told[1]).toMatch(/^Best divergence so far: from/)
    expect(told[2]).toMatch(/^Predicted against measured latency of 16 plans: mean error \d\.\d %/)
    await page
      .findAll('.tools button')
      .find((one) => one.text() === 'Table')
      ?.trigger('click')
    const table = page.get('[aria-label="Candidates, as a table"]')
    expect(table.findAll('thead th').map((one) => one.text())).toContain('divergence, nats')
    expect(table.findAll('tbody tr').length).toBeGreaterThan(20)
  })

  it('shows what the leader keeps over the staircases, and where a bar ends just past a step', async () => {
    const { page, step } = await started()
    await step(85)
    const bars = page.findAll('.keep li button')
    expect(bars).toHaveLength(12)
    for (const bar of bars.filter((one) => one.classes('amber')))
      expect(bar.text()).toMatch(/\d channels? (fewer|more) is \d.* ms faster/)
  })

  it('has exactly the buttons that do something', async () => {
    const { page, button, step } = await started()
    const names = () => page.findAll('[aria-label="This run"] button').map((one) => one.text())
    expect(names()).toEqual(['Pause', 'Interrupt'])
    await button('Pause')?.trigger('click')
    await settle()
    expect(names()).toEqual(['Continue', 'Interrupt'])
    await button('Continue')?.trigger('click')
    await settle()
    await step(400)
    expect(names()).toEqual(['New run …'])
  })
})

describe('after a run', () => {
  it('says what came of it, and what to be aware of', async () => {
    const { page, step } = await started()
    await step(400)
    expect(page.text()).toContain('1.66× as fast, measured')
    expect(page.text()).toContain('One thing to be aware of')
  })

  it('says where it was interrupted and how to go on', async () => {
    const { page, button, step } = await started()
    await step(5)
    await button('Interrupt')?.trigger('click')
    await settle()
    expect(page.text()).toContain('Interrupted at: Import and clean up')
    expect(page.text()).toContain('lupine resume /projects/job-1')
    await button('Resume')?.trigger('click')
    await settle()
    expect(page.text()).toContain('Run running')
    expect(document.activeElement?.textContent).toContain('Run')
  })

  it('is in the log, newest first', async () => {
    const { page, step } = await started()
    await step(400)
    window.location.hash = '#log'
    window.dispatchEvent(new HashChangeEvent('hashchange'))
    // The room is fetched when it is entered.
    await vi.waitFor(() => expect(page.find('.log tbody').exists()).toBe(true), patience)
    const lines = page.findAll('.log tbody tr').map((row) => row.findAll('td').at(-1)?.text())
    expect([lines[0], lines.at(-1)]).toEqual(['Finished', 'Started: demo'])
  })
})
