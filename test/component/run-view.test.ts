import type { VueWrapper } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import App from '../../src-renderer/App.vue'
import type { FakeOptions } from '../fixtures/fake-program'
import { mountWith, settle, setting } from './fake-client'

/** Rooms are fetched when they are entered; on a busy machine that takes a while. */
const patience = 10_000

let view: VueWrapper | undefined
afterEach(() => {
  view?.unmount()
  window.location.hash = ''
})

async function open(options: FakeOptions = {}) {
  window.location.hash = '#run'
  const own = setting(options)
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
    window.location.hash = '#run'
    const { client } = setting()
    view = mountWith(App, client)
    await vi.waitFor(() => expect(view?.text()).toContain('Waiting for the program'), patience)
    expect(view.text()).not.toContain('No run yet')
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
    const { page, step, button } = await started()
    await step(60)
    expect(page.find('svg[role=img][aria-label^="Scatter plot of"]').exists()).toBe(true)
    expect(page.find('svg[role=img][aria-label^="Line chart of the best"]').exists()).toBe(true)
    await button('As tables')?.trigger('click')
    expect(page.findAll('caption').map((one) => one.text())).toEqual(
      expect.arrayContaining(['Where the best got better']),
    )
    expect(button('As tables')?.attributes('aria-pressed')).toBe('true')
  })

  it('has exactly the buttons that do something', async () => {
    const { page, button, step } = await started()
    const names = () => page.findAll('.controls button').map((one) => one.text())
    expect(names()).toEqual(['Pause', 'Interrupt'])
    await button('Pause')?.trigger('click')
    await settle()
    expect(names()).toEqual(['Continue', 'Interrupt'])
    await button('Continue')?.trigger('click')
    await settle()
    await step(400)
    expect(names()).toEqual(['New sample run'])
  })
})

describe('after a run', () => {
  it('shows before and after', async () => {
    const { page, step } = await started()
    await step(400)
    const rows = page.findAll('[data-testid=result] tbody tr').map((row) => row.text().replace(/\s+/g, ' '))
    expect(rows).toEqual([
      'Top-1 accuracy93.39 %93.12 %−0.27 points',
      'Latency41.2 ms24.9 ms−39.6 %',
      'MACs125 M61.2 M−51.2 %',
      'Parameters856 k402 k−53.0 %',
      'File size3.50 MB1.69 MB−51.8 %',
    ])
    expect(page.text()).toContain('To be aware of')
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
