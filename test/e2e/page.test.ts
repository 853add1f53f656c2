import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type RunningServer } from '../../src-main/serve/server'
import { createFakeProgram, type FakeOptions, type FakeProgram } from '../fixtures/fake-program'
import { launchBrowser, Window } from './browser'

let browser: Browser
let server: RunningServer
let program: FakeProgram

beforeAll(async () => void (browser = await launchBrowser()))
afterAll(() => browser?.close())
afterEach(() => server.close())

async function open(options: FakeOptions = {}): Promise<Window> {
  program = createFakeProgram(options)
  server = await startServer(program, { closeWithinMs: 100 })
  return Window.open(browser, server.url)
}

const start = (window: Window) => window.page.getByRole('button', { name: 'Start the sample run' }).click()

describe('a run in the window', () => {
  it('goes from the empty state to the result', async () => {
    const window = await open()
    const { page } = window
    await page.getByRole('heading', { name: 'New run' }).waitFor()
    expect(page.url(), 'the token is gone from the address').not.toContain('token')
    await window.shot('empty')
    await start(window)
    await page.getByRole('heading', { name: /Sample run running/ }).waitFor()
    program.step(3)
    await page.getByRole('progressbar').waitFor()
    program.step(70)
    await page.getByRole('group', { name: /Scatter plot of \d+ candidates/ }).waitFor()
    await window.shot('search')
    program.step(300)
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
    const window = await open({ stepMs: 20 })
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
    expect(program.calls).toEqual(expect.arrayContaining(['jobs.pause', 'jobs.continue', 'jobs.cancel']))
    await window.leave()
  })

  it('says what failed, where, and what to do', async () => {
    const failure = {
      kind: 'work',
      code: 'engine-gone',
      message: 'The engine ended.',
      hint: 'Start it again.',
    } as const
    const window = await open({ failIn: { stage: 'sensitivity', failure } })
    await start(window)
    program.step(40)
    const box = window.page.getByRole('alert')
    await box.getByRole('heading', { name: 'The run failed at: Measure sensitivities' }).waitFor()
    expect(await box.innerText()).toContain('Start it again.')
    await window.shot('failed')
    await window.leave()
  })

  it('shows a refusal where the run was to be started', async () => {
    const refuse = { kind: 'input', code: 'no-sample', message: 'No sample.', hint: 'Reinstall.' } as const
    const window = await open({ refuse })
    await start(window)
    await window.page.getByRole('heading', { name: 'The run could not be started' }).waitFor()
    await window.leave()
  })
})

describe('keyboard', () => {
  it('alone starts a run, and the focus goes on from its heading', async () => {
    const window = await open()
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
    const token = 'a-token-kept-across-restarts'
    program = createFakeProgram()
    // The program stays: only its door closes.
    const lasting = { ...program, close: async () => undefined }
    server = await startServer(lasting, { token })
    const window = await Window.open(browser, server.url)
    const { page } = window
    await start(window)
    program.step(5)
    await page.getByText('3/10').waitFor()
    await server.close()
    await page.getByText('The program has stopped answering.').waitFor()
    program.step(4)
    server = await startServer(lasting, { token, port: Number(new URL(server.url).port) })
    await page.getByText('7/10').waitFor()
    expect(await page.getByRole('alert').count()).toBe(0)
    await window.leave(/ERR_CONNECTION_REFUSED|WebSocket connection/)
  })

  it('says that a server with a new token wants its new address', async () => {
    const window = await open()
    await window.page.getByRole('heading', { name: 'New run' }).waitFor()
    const port = Number(new URL(server.url).port)
    await server.close()
    server = await startServer(createFakeProgram(), { port })
    await window.page.getByText('The server was started anew.').waitFor()
    await window.shot('refused')
    await window.leave(/403|ERR_CONNECTION_REFUSED|WebSocket connection/)
  })

  it('tells of a run whose program is gone', async () => {
    const token = 'a-token-kept-across-restarts'
    program = createFakeProgram()
    server = await startServer({ ...program, close: async () => undefined }, { token })
    const window = await Window.open(browser, server.url)
    await start(window)
    program.step(5)
    await window.page.getByText('3/10').waitFor()
    await server.close()
    server = await startServer(createFakeProgram(), { token, port: Number(new URL(server.url).port) })
    await window.page.getByRole('heading', { name: /The program ended while this run was going/ }).waitFor()
    await window.leave(/ERR_CONNECTION_REFUSED|WebSocket connection/)
  })
})

const focused = (window: Window): Promise<string> =>
  window.page.evaluate('document.activeElement === document.body ? "" : document.activeElement.textContent.trim()')
