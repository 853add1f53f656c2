import { describe, expect, it } from 'vitest'
import { createFakeProgram } from '../fixtures/fake-program'
import type { Window } from './browser'
import { StandIn } from './stand-in'

const standIn = StandIn.forTests()
const token = 'a-token-kept-across-restarts'

const start = (window: Window) => window.page.getByRole('button', { name: 'Start the sample run' }).click()

describe('a run in the window', () => {
  it('goes from the empty state to the result', async () => {
    const window = await standIn.open()
    const { page } = window
    await page.getByRole('heading', { name: 'New run' }).waitFor()
    expect(page.url(), 'the token is gone from the address').not.toContain('token')
    await window.shot('empty')
    await start(window)
    await page.getByRole('heading', { name: /Sample run running/ }).waitFor()
    standIn.program.step(3)
    await page.getByRole('progressbar').waitFor()
    standIn.program.step(70)
    await page.getByRole('group', { name: /Scatter plot of \d+ candidates/ }).waitFor()
    await window.shot('search')
    standIn.program.step(300)
    await page.getByText('1.66× as fast, measured').waitFor()
    await page.getByText('One thing to be aware of').click()
    await page.getByText('Images of the fitness set were seen in training.').waitFor()
    await window.shot('finished')
    await page.getByRole('button', { name: 'Table' }).first().click()
    await page.getByRole('columnheader', { name: 'divergence, nats', exact: true }).waitFor()
    await page.getByRole('link', { name: 'Log' }).click()
    await page.getByRole('cell', { name: 'Stage 4 of 9: Search the ratios' }).waitFor()
    await window.shot('log')
    await window.leave()
  })

  it('can be paused, continued and interrupted', async () => {
    const window = await standIn.open({ stepMs: 20 })
    const { page } = window
    await start(window)
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('paused', { exact: true }).first().waitFor()
    const before = await window.percent()
    await page.waitForTimeout(300)
    expect(await window.percent()).toBe(before)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'Interrupt' }).click()
    await page.getByRole('heading', { name: /^Interrupted/ }).waitFor()
    await page.getByText('lupine resume /projects/job-1').waitFor()
    await window.shot('interrupted')
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByRole('button', { name: 'Pause' }).waitFor()
    expect(standIn.program.calls).toEqual(expect.arrayContaining(['jobs.pause', 'jobs.continue', 'jobs.cancel']))
    await window.leave()
  })

  it('says what failed, where, and what to do', async () => {
    const failure = {
      kind: 'work',
      code: 'engine-gone',
      message: 'The engine ended.',
      hint: 'Start it again.',
    } as const
    const window = await standIn.open({ failIn: { stage: 'sensitivity', failure } })
    await start(window)
    standIn.program.step(40)
    const box = window.page.getByRole('alert')
    await box.getByRole('heading', { name: 'The run failed at: Measure sensitivities' }).waitFor()
    expect(await box.innerText()).toContain('Start it again.')
    await window.shot('failed')
    await window.leave()
  })

  it('shows a refusal where the run was to be started', async () => {
    const refuse = { kind: 'input', code: 'no-sample', message: 'No sample.', hint: 'Reinstall.' } as const
    const window = await standIn.open({ refuse })
    await start(window)
    await window.page.getByRole('heading', { name: 'The run could not be started' }).waitFor()
    await window.leave()
  })
})

describe('keyboard', () => {
  it('alone starts a run, and the focus goes on from its heading', async () => {
    const window = await standIn.open()
    const { page } = window
    const button = page.getByRole('button', { name: 'Start the sample run' })
    await button.waitFor()
    for (let i = 0; i < 24 && !(await focused(window)).includes('Start the sample run'); i++)
      await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: /Sample run/ }).waitFor()
    await expect.poll(() => focused(window)).toContain('Sample run')
    await page.keyboard.press('Tab')
    expect(await focused(window)).toBe('Pause')
    await window.leave()
  })
})

describe('a line that breaks', () => {
  it('is taken up again by itself when the server is back, and says so meanwhile', async () => {
    // The program stays: only its door closes.
    const lasting = { ...createFakeProgram(), close: async () => undefined }
    await standIn.serve(lasting, { token })
    const window = await standIn.window()
    const { page } = window
    await start(window)
    standIn.program.step(5)
    await page.getByText('3/10').waitFor()
    await standIn.close()
    await page.getByText('The program has stopped answering.').waitFor()
    standIn.program.step(4)
    await standIn.serve(lasting, { token, port: standIn.port })
    await page.getByText('7/10').waitFor()
    expect(await page.getByRole('alert').count()).toBe(0)
    await window.leave(/ERR_CONNECTION_REFUSED|WebSocket connection/)
  })

  it('says that a server with a new token wants its new address', async () => {
    const window = await standIn.open()
    await window.page.getByRole('heading', { name: 'New run' }).waitFor()
    await standIn.close()
    await standIn.serve(createFakeProgram(), { port: standIn.port })
    await window.page.getByText('The server was started anew.').waitFor()
    await window.shot('refused')
    await window.leave(/403|ERR_CONNECTION_REFUSED|WebSocket connection/)
  })

  it('tells of a run whose program is gone', async () => {
    await standIn.serve({ ...createFakeProgram(), close: async () => undefined }, { token })
    const window = await standIn.window()
    await start(window)
    standIn.program.step(5)
    await window.page.getByText('3/10').waitFor()
    await standIn.close()
    await standIn.serve(createFakeProgram(), { token, port: standIn.port })
    await window.page.getByRole('heading', { name: /The program ended while this run was going/ }).waitFor()
    await window.leave(/ERR_CONNECTION_REFUSED|WebSocket connection/)
  })
})

const focused = (window: Window): Promise<string> =>
  window.page.evaluate('document.activeElement === document.body ? "" : document.activeElement.textContent.trim()')
