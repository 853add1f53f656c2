import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { launchBrowser, Window } from './browser'
import { RealServer } from './program'

/** The real program behind the real server, in a real browser. */
let browser: Browser
let server: RealServer

beforeAll(async () => void (browser = await launchBrowser()))
beforeEach(async () => void (server = await RealServer.start()))
afterEach(() => server.stop())
afterAll(() => browser?.close())

/** "2/153" of the current stage, and which stage it is. */
const position = async (window: Window): Promise<string> =>
  (await window.page.locator('main .strip').innerText({ timeout: 10_000 })).replace(/\s+/g, ' ')

describe('the sample run', () => {
  it('starts, advances live, survives a reload, is interrupted, and can be resumed', { timeout: 300_000 }, async () => {
    const window = await Window.open(browser, server.url)
    const { page } = window
    await page.getByRole('button', { name: 'Start the sample run' }).click()
    await page.getByRole('heading', { name: /Sample run running/ }).waitFor()

    await page.getByText('Import, done').waitFor({ timeout: 60_000 })
    await expect.poll(() => window.percent(), { timeout: 120_000 }).toBeGreaterThan(0)
    const early = await position(window)
    await expect.poll(() => position(window), { timeout: 60_000 }).not.toBe(early)
    await window.shot('real-live')

    await page.reload()
    await page.getByText('Import, done').waitFor()
    const back = await position(window)
    expect(page.url()).not.toContain('token')
    await expect.poll(() => position(window), { timeout: 60_000 }).not.toBe(back)

    await page.getByRole('button', { name: 'Interrupt' }).click()
    await page.getByRole('heading', { name: /^Interrupted at/ }).waitFor({ timeout: 30_000 })
    expect(await page.getByText(/^lupine resume /).innerText()).toMatch(/lupine-demo-/)
    await window.shot('real-interrupted')

    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByRole('heading', { name: /Run running/ }).waitFor()
    await page.getByText('Import, done').waitFor({ timeout: 60_000 })
    await page.getByRole('button', { name: 'Interrupt' }).click()
    await page.getByRole('heading', { name: /^Interrupted/ }).waitFor({ timeout: 30_000 })

    await page.getByRole('link', { name: 'Log' }).click()
    await page
      .getByRole('cell', { name: /Stage 1 of 9/ })
      .first()
      .waitFor()
    await window.leave()
  })

  it.runIf(process.env['LUPINE_E2E_FULL'])('ends with a table of figures', { timeout: 1_800_000 }, async () => {
    const window = await Window.open(browser, server.url, 'dark')
    const { page } = window
    await page.getByRole('button', { name: /sample run/ }).click()
    await page.getByRole('heading', { name: /Sample run running/ }).waitFor()
    await page.getByRole('group', { name: /Scatter plot of [1-9]\d* candidates/ }).waitFor({ timeout: 900_000 })
    await window.shot('real-search')
    await page.getByText(/× as fast, measured/).waitFor({ timeout: 1_500_000 })
    await page.getByRole('link', { name: 'Compare & deploy', exact: true }).first().click()
    const table = await page.getByTestId('result').innerText()
    for (const row of ['Top-1 accuracy', 'Latency', 'MACs', 'Parameters', 'File size']) expect(table).toContain(row)
    await window.shot('real-finished')
    await window.leave()
  })
})

it('ends on Ctrl-C within seconds, also with a run going', { timeout: 120_000 }, async () => {
  const window = await Window.open(browser, server.url)
  await window.page.getByRole('button', { name: 'Start the sample run' }).click()
  await window.page.getByText('Import, done').waitFor({ timeout: 60_000 })
  const began = Date.now()
  expect(await server.stop()).toBe(0)
  expect(Date.now() - began).toBeLessThan(15_000)
  await window.page.getByText(/has stopped answering/).waitFor()
  await window.leave(/ERR_CONNECTION_REFUSED|WebSocket connection/)
})
