import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeClasses, type Colour } from '../fixtures/image-folder'
import { temporaryFolder } from '../fixtures/temporary'
import { launchBrowser, Window } from './browser'
import { RealServer } from './program'

/**
 * The real program from a form that is filled in to files that are taken away: the sample's network, a made-up board, and
 * so few images that a search takes seconds. What it finds means nothing.
 */
let browser: Browser
let server: RealServer
let folder: string

const sample = join(import.meta.dirname, '../../resources/sample/resnet20-sample.onnx')
const classes = Object.fromEntries(
  Array.from({ length: 10 }, (_, i): [string, Colour] => [`class-${i}`, [20 * i, 255 - 20 * i, (90 * i) % 255]]),
)

beforeAll(async () => {
  folder = temporaryFolder('e2e-workflow')
  await copyFile(sample, join(folder, 'net.onnx'))
  await mkdir(join(folder, 'pictures'))
  await writeClasses(join(folder, 'pictures'), classes, 6, 32)
  browser = await launchBrowser()
  server = await RealServer.start(['--root', folder])
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

const browse = (page: Page, label: string) => page.getByRole('button', { name: `Browse for: ${label}` }).click()

async function downloaded(page: Page, row: string): Promise<Buffer> {
  const waiting = page.waitForEvent('download')
  await page.getByRole('listitem').filter({ hasText: row }).getByRole('link', { name: 'Download' }).click()
  return readFile(await (await waiting).path())
}

it('a run is set up, watched, and its plans and files are taken', { timeout: 400_000 }, async () => {
  const window = await Window.open(browser, server.url)
  const { page } = window
  await page.getByRole('button', { name: 'Close', exact: true }).click()

  await browse(page, 'Model')
  await page.getByRole('button', { name: /net\.onnx/ }).click()
  await expect.poll(() => page.getByRole('textbox', { name: 'Model' }).inputValue()).toBe(join(folder, 'net.onnx'))
  await page.getByRole('combobox', { name: 'Data', exact: true }).selectOption('images')
  await browse(page, 'Data: folder')
  await page.getByRole('button', { name: /pictures/ }).click()
  await page.getByRole('button', { name: 'Choose this folder' }).click()
  await page.getByRole('textbox', { name: 'Board' }).fill('synthetic:1')
  await browse(page, 'Project folder')
  await page.getByRole('button', { name: 'Choose this folder' }).click()
  await page.getByRole('combobox', { name: 'Method', exact: true }).selectOption('random')
  const numbers = { Latency: '0.8', Evaluations: '6', Refine: '0', Epochs: '0' }
  for (const [label, value] of Object.entries(numbers))
    await page.getByRole('textbox', { name: label, exact: true }).fill(value)
  const command = `lupine run ${join(folder, 'net.onnx')} --data images:${join(folder, 'pictures')} --device synthetic:1`
  expect(await page.getByText(/^lupine run/).innerText()).toContain(command)
  await window.shot('workflow-form')
  await page.getByRole('button', { name: 'Start the run' }).click()
  await page.getByRole('heading', { name: /Run running/ }).waitFor()
  await page.getByText(/× as fast, measured/).waitFor({ timeout: 300_000 })
  await window.shot('workflow-finished')

  const plane = page.getByRole('group', { name: /Scatter plot of \d+ candidates/ })
  await plane.focus()
  for (const key of ['ArrowRight', 'Enter']) await page.keyboard.press(key)
  await page.getByRole('button', { name: 'Take this plan' }).click()
  await page.getByText(/Taken: /).waitFor({ timeout: 60_000 })
  await window.shot('workflow-taken')

  await page.getByRole('link', { name: 'Compare & deploy', exact: true }).first().click()
  await page.getByTestId('result').waitFor()
  await page.getByRole('button', { name: /^Evaluate plan-/ }).click()
  await page.getByRole('button', { name: /^Measure plan-/ }).click()
  const column = async (row: string) => page.getByRole('row', { name: row }).getByRole('cell').nth(3).innerText()
  await expect.poll(() => column('Top-1 accuracy'), { timeout: 60_000 }).toMatch(/\d %/)
  await expect.poll(() => column('Latency'), { timeout: 60_000 }).toMatch(/\d ms/)
  expect(await column('MACs')).toMatch(/\d+(\.\d)? M/)
  const model = await downloaded(page, 'Pruned model')
  expect(model.equals(await readFile(join(folder, 'net-pruned/model.onnx')))).toBe(true)
  await page.getByRole('button', { name: 'Write an HTML report' }).click()
  await page.getByText('The report is written.').waitFor()
  expect((await downloaded(page, 'Report')).toString('utf8', 0, 200)).toMatch(/^<!doctype html>/i)
  await page.getByRole('button', { name: 'Run on the board' }).click()
  await page.getByText(/in \d+ samples\./).waitFor({ timeout: 60_000 })
  await window.shot('workflow-compare')
  await window.leave()
})

it('its project is opened again by another program', { timeout: 60_000 }, async () => {
  await server.stop()
  server = await RealServer.start(['--root', folder])
  const window = await Window.open(browser, server.url)
  const { page } = window
  await page.getByRole('button', { name: 'Close', exact: true }).click()
  await page.getByRole('button', { name: 'Open a project …' }).click()
  await page.getByRole('button', { name: /net-pruned\s*, project/ }).click()
  await page.getByText(/× as fast, measured/).waitFor()
  await page.getByRole('group', { name: /Scatter plot of \d+ candidates/ }).waitFor()
  await page.getByRole('link', { name: 'Compare & deploy', exact: true }).first().click()
  await page.getByTestId('result').waitFor()
  await page.getByRole('link', { name: 'Download' }).first().waitFor()
  // The plan that was taken from another program's window is there again, and can be asked about.
  await page.getByRole('columnheader', { name: /^plan-\w{8}/ }).waitFor()
  const macs = page.getByRole('row', { name: 'MACs' }).getByRole('cell').nth(3)
  expect(await macs.innerText()).toMatch(/\d+(\.\d)? M/)
  expect(await page.getByRole('button', { name: /^Measure plan-/ }).isEnabled()).toBe(true)
  await window.leave()
})
