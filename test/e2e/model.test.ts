import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../fixtures/temporary'
import { launchBrowser, Window } from './browser'
import { oddNames, writeOddModels } from './odd-models'
import { RealServer } from './program'

/** The Model and Data rooms before the real program. */
let browser: Browser
let server: RealServer
let folder: string
let models: { large: string; odd: string }

beforeAll(async () => {
  folder = temporaryFolder('e2e-models')
  models = await writeOddModels(folder)
  await writeFile(join(folder, 'notes.txt'), 'not a model, but a text\n')
  await writeFile(join(folder, 'damaged.onnx'), Uint8Array.of(8, 7, 58, 200, 1, 10))
  browser = await launchBrowser()
  server = await RealServer.start(['--root', folder])
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

async function openPath(page: Page, path: string): Promise<void> {
  await page.getByLabel('Path', { exact: true }).fill(path)
  await page.keyboard.press('Enter')
}

describe('figures', () => {
  it('at most 250 kB, gzipped, come before a chart is opened, and something is to be seen within 1.2 s', async () => {
    const window = await Window.open(browser, server.url, 'light', 'settings')
    const { page } = window
    const bodies: Promise<Buffer>[] = []
    page.on('response', (response) => {
      if (/\.(js|css)$/.test(new URL(response.url()).pathname)) bodies.push(response.body())
    })
    await page.goto(new URL('/#model', server.url).href)
    await page.reload()
    await page.getByRole('heading', { name: 'Open a model' }).waitFor()
    const sizes = (await Promise.all(bodies)).map((body) => gzipSync(body).length)
    expect(sizes.length).toBeGreaterThan(1)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(250_000)
    const paint = await page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    expect(paint).toBeLessThan(1200)
    await window.leave()
  })

  it('1,000 nodes: there within 2 s, and 30 frames a second while panning, near and far', async () => {
    const window = await Window.open(browser, server.url, 'light', 'model')
    const { page } = window
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    const began = Date.now()
    await openPath(page, models.large)
    const graph = page.getByRole('application', { name: /Network of 1\d\d\d nodes/ })
    await graph.waitFor()
    await graph.press('ArrowDown')
    await page.getByRole('complementary', { name: 'Inspector' }).getByText('Operator').waitFor()
    expect(Date.now() - began).toBeLessThan(2000)
    await window.shot('large')
    expect(await framesPerSecond(page)).toBeGreaterThanOrEqual(30)
    await graph.press('0')
    await window.shot('large-fit')
    expect(await framesPerSecond(page)).toBeGreaterThanOrEqual(30)
    await window.leave()
  })
})

/** Of 60 frames in each of which the wheel is turned. */
const framesPerSecond = (page: Page): Promise<number> =>
  page.evaluate<number>(`new Promise((done) => {
    const canvas = document.querySelector('canvas')
    let frames = 0
    const began = performance.now()
    const turn = () => {
      canvas.dispatchEvent(new WheelEvent('wheel', { deltaY: frames % 40 < 20 ? 90 : -90, cancelable: true }))
      if (++frames <= 60) requestAnimationFrame(turn)
      else done(60000 / (performance.now() - began))
    }
    requestAnimationFrame(turn)
  })`)

describe('whatever is in a file', () => {
  it('is shown as text: HTML, marks that turn it around, 10,000 characters', async () => {
    const window = await Window.open(browser, server.url, 'dark', 'model')
    const { page } = window
    await openPath(page, models.odd)
    await page.getByText('1 operator not known here').waitFor()
    await page.getByRole('button', { name: 'Table', exact: true }).click()
    await page.getByRole('cell', { name: '<b>conv</b>' }).first().waitFor()
    expect(await page.title()).not.toBe('owned')
    expect(await page.locator('td').allInnerTexts()).toEqual(
      expect.arrayContaining([expect.stringContaining('layer⟨U+202E⟩gnp.1vnoc⟨U+2066⟩')]),
    )
    await page.getByRole('button', { name: 'Mystery' }).click()
    const inspector = page.getByRole('complementary', { name: 'Inspector' })
    await inspector.getByText('Blocks 1 group').waitFor()
    await page.getByRole('row').filter({ hasText: '.conv' }).last().click()
    await inspector.getByText(/^\d+ characters$/).waitFor()
    expect((await inspector.innerText()).length).toBeLessThan(2000)
    expect(oddNames.long.length).toBeGreaterThan(9_900)
    await window.shot('odd-table')
    await page.getByRole('button', { name: 'Graph', exact: true }).click()
    await window.shot('odd-graph')
    await window.leave()
  })

  it('that is no model is refused where it was tried, with what to do', async () => {
    const window = await Window.open(browser, server.url, 'light', 'model')
    const { page } = window
    await openPath(page, join(folder, 'damaged.onnx'))
    const refused = page.getByRole('alert')
    await refused.getByText(/damaged\.onnx/).waitFor()
    expect(await refused.innerText()).toMatch(/onnx-/)
    await page.evaluate(`(() => {
      const files = new DataTransfer()
      files.items.add(new File(['not a model'], 'notes.txt', { type: 'text/plain' }))
      document.querySelector('.target').dispatchEvent(
        new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true }))
    })()`)
    await page.getByText('“notes.txt” is text, not an ONNX model.').waitFor()
    await window.shot('refused')
    await window.leave()
  })
})

describe('by keyboard alone', () => {
  it('the sample is opened, a layer left whole, that undone, and the theme changed', async () => {
    const window = await Window.open(browser, server.url, 'light', 'model')
    const { page } = window
    const { keyboard } = page
    await page.getByRole('heading', { name: 'Open a model' }).waitFor()
    await page.getByRole('button', { name: 'Start with the sample' }).focus()
    await keyboard.press('Enter')
    await page.getByRole('application').focus()
    for (let i = 0; i < 5; i++) await keyboard.press('ArrowDown')
    await keyboard.press('e')
    const whole = page.getByRole('checkbox', { name: 'Leave whole' }).first()
    expect(await whole.isChecked()).toBe(true)
    await keyboard.press('Control+z')
    expect(await whole.isChecked()).toBe(false)
    await keyboard.press('Control+Shift+Z')
    expect(await whole.isChecked()).toBe(true)
    await keyboard.press('Control+k')
    await keyboard.type('dark or')
    await keyboard.press('Enter')
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark')
    await keyboard.press('Control+f')
    await keyboard.type('layer3.2.conv2')
    await keyboard.press('Enter')
    await page.getByRole('complementary', { name: 'Inspector' }).getByText('layer3.2.conv2').first().waitFor()
    await window.leave()
  })
})
