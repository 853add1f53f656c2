import { describe, expect, it } from 'vitest'
import type { Window } from './browser'
import { StandIn } from './stand-in'

const standIn = StandIn.forTests()

/** A picture at each of the usual sizes; nothing is wider than its room. */
async function sizes(window: Window, name: string): Promise<void> {
  for (const [width, height] of [
    [1280, 800],
    [1920, 1080],
  ] as const) {
    await window.page.setViewportSize({ width, height })
    await window.page.waitForTimeout(250)
    await window.shot(`${name}-${width}`)
    const wider = 'document.querySelector("#main").scrollWidth - document.querySelector("#main").clientWidth'
    expect(await window.page.evaluate<number>(wider)).toBe(0)
  }
}

describe.each(['light', 'dark'] as const)('the rooms behind the search, %s', (theme) => {
  it('Fine-tune: curves, the best checkpoint, stop and keep', async () => {
    const window = await standIn.open({}, 'finetune', theme)
    const { page } = window
    await page.getByRole('heading', { name: 'Nothing has been trained yet' }).waitFor()
    await window.shot(`finetune-${theme}-empty`)
    await standIn.program.start('demo', {})
    standIn.program.step(136)
    await page.getByRole('group', { name: /Validation top-1 over \d epochs; the best is epoch \d/ }).waitFor()
    await page.getByRole('button', { name: 'Stop and keep the best' }).click()
    await page.getByText(/Ends after epoch/).waitFor()
    expect(standIn.program.calls).toContain('jobs.conclude')
    await sizes(window, `finetune-${theme}`)
    await page.reload()
    await page.getByText(/Ends after epoch/).waitFor()
    await window.leave()
  })

  it('Compare & deploy: the pair, per class, layer by layer, files and a report', async () => {
    const window = await standIn.open({}, 'compare', theme)
    const { page } = window
    await page.getByRole('heading', { name: 'Nothing to compare yet' }).waitFor()
    await standIn.program.start('demo', {})
    standIn.program.step(400)
    const table = page.getByTestId('result')
    await table.waitFor()
    expect(await table.innerText()).toMatch(/Top-1 accuracy\s+93\.39 %\s+92\.9 to 93\.9 %\s+93\.12 %/)
    await page.getByRole('link', { name: 'Download' }).first().waitFor()
    await page.getByRole('button', { name: 'Write an HTML report' }).click()
    await page.getByText('The report is written.').waitFor()
    await page.getByRole('button', { name: 'Explain' }).click()
    await page.getByRole('button', { name: 'Looking …' }).waitFor()
    standIn.program.step(4)
    await page.getByText('Its width lies just past a step.').first().waitFor()
    await sizes(window, `compare-${theme}`)
    await window.leave()
  })

  it('Board: what there is to measure on, samples, layers and staircases', async () => {
    const window = await standIn.open({}, 'board', theme)
    const { page } = window
    await page.getByRole('radio', { name: /pi4/ }).check()
    await window.shot(`board-${theme}-empty`)
    await page.getByRole('checkbox', { name: 'Watch its clocks' }).check()
    await page.getByText('▲ Throttled: it is slower than it could be.').waitFor()
    await page.getByText('1.5 GHz  54 °C  ▲ throttled').waitFor()
    await window.shot(`board-${theme}-watched`)
    await page.getByRole('textbox', { name: 'Model' }).fill('sample.onnx')
    await page.getByRole('button', { name: 'Profile' }).click()
    await page.getByRole('heading', { name: 'Measuring …' }).waitFor()
    standIn.program.step(4)
    await page.getByRole('group', { name: /Histogram of 400 samples: median 24\.9 ms/ }).waitFor()
    await page.getByRole('rowheader', { name: 'Temperatures, °C' }).waitFor()
    await page.getByRole('button', { name: 'Measure staircases' }).click()
    await page.getByRole('heading', { name: 'Measuring staircases …' }).waitFor()
    standIn.program.step(4)
    await page.getByRole('group', { name: /Latency over 32 widths/ }).waitFor()
    await sizes(window, `board-${theme}`)
    await window.leave()
  })
})
