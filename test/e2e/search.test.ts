import { describe, expect, it } from 'vitest'
import type { FakeOptions } from '../fixtures/fake-program'
import type { Theme, Window } from './browser'
import { StandIn } from './stand-in'

const standIn = StandIn.forTests()

async function open(options: FakeOptions = {}, theme: Theme = 'light'): Promise<Window> {
  const window = await standIn.open(options, 'search', theme)
  await window.page.getByRole('button', { name: 'Start the sample run' }).waitFor()
  return window
}

/** Started, and known to be: nothing moves by itself. */
async function start({ page }: Window): Promise<void> {
  await page.getByRole('button', { name: 'Start the sample run' }).click()
  await page.getByRole('heading', { name: /Sample run/ }).waitFor()
}

describe('the Search room', () => {
  it('draws the pack live, and what the candidate under the pointer keeps', async () => {
    const window = await open({ evaluations: 300 })
    const { page } = window
    await start(window)
    standIn.program.step(290)
    const plane = page.getByRole('group', { name: /Scatter plot of \d+ candidates/ })
    await plane.waitFor()
    await window.shot('search-live')
    standIn.program.step(150)
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
  standIn.program.step(340)
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
