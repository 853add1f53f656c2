import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type RunningServer } from '../../src-main/serve/server'
import { createFakeProgram, type FakeOptions, type FakeProgram } from '../fixtures/fake-program'
import { launchBrowser, Window, type Theme } from './browser'

let browser: Browser
let server: RunningServer
let program: FakeProgram

beforeAll(async () => void (browser = await launchBrowser()))
afterAll(() => browser?.close())
afterEach(() => server.close())

async function open(options: FakeOptions = {}, theme: Theme = 'light'): Promise<Window> {
  program = createFakeProgram(options)
  server = await startServer(program, { closeWithinMs: 100 })
  const window = await Window.open(browser, server.url, theme)
  await window.page.getByRole('button', { name: 'Start the sample run' }).waitFor()
  return window
}

const start = (window: Window) => window.page.getByRole('button', { name: 'Start the sample run' }).click()

describe('the Search room', () => {
  it('draws the pack live, and what the candidate under the pointer keeps', async () => {
    const window = await open({ evaluations: 300 })
    const { page } = window
    await start(window)
    program.step(290)
    const plane = page.getByRole('group', { name: /Scatter plot of \d+ candidates/ })
    await plane.waitFor()
    await window.shot('search-live')
    program.step(150)
    await page.getByRole('group', { name: /6 of them measured/ }).waitFor()
    await window.shot('search-measured')
    await plane.focus()
    await page.keyboard.press('ArrowRight')
    await page.getByText(/^predicted #\d+ · latency, ms/).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('region', { name: /Candidate #\d+/ }).waitFor()
    await window.shot('search-pinned')
    const budget = page.getByRole('slider', { name: 'Latency budget' })
    const before = await page.getByText(/meet the/).innerText()
    await budget.focus()
    for (let i = 0; i < 4; i++) await page.keyboard.press('Shift+ArrowLeft')
    await page.getByText(/meet the moved budget/).waitFor()
    expect(await page.getByText(/meet the/).innerText()).not.toBe(before)
    await window.shot('search-budget')
    await window.leave()
  })
})

it.each(['light', 'dark'] as const)('fits both usual windows, %s', async (theme) => {
  const window = await open({ evaluations: 300 }, theme)
  const { page } = window
  await window.shot(`search-${theme}-start`)
  await start(window)
  program.step(340)
  await page.getByRole('group', { name: /Scatter plot of \d+ candidates/ }).waitFor()
  for (const [width, height] of [
    [1280, 800],
    [1920, 1080],
  ] as const) {
    await page.setViewportSize({ width, height })
    await expect.poll(() => page.locator('.plane canvas').evaluate((canvas) => canvas.clientWidth)).toBeGreaterThan(400)
    await window.shot(`search-${theme}-${width}`)
    const overflow = await page.evaluate<number>(
      'document.querySelector("#main").scrollWidth - document.querySelector("#main").clientWidth',
    )
    expect(overflow).toBe(0)
  }
  await window.leave()
})
