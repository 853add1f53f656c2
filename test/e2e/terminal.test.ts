/** A terminal in the window, on a pseudo-terminal with a real shell behind it, through the real program. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Console } from '../fixtures/board/console'
import { whyNoSerial } from '../fixtures/board/serial-scene'
import { temporaryFolder } from '../fixtures/temporary'
import { launchBrowser, Window } from './browser'
import { RealServer } from './program'

const why = whyNoSerial()

describe.skipIf(why)('the terminal', () => {
  let browser: Browser
  let server: RealServer
  let line: Console
  const home = temporaryFolder('e2e-terminal')

  beforeAll(async () => {
    browser = await launchBrowser()
    server = await RealServer.start(['--root', home])
    line = await Console.open({ home, state: 'shell' })
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    await line?.cut()
  })

  const screen = (page: Page) => page.getByRole('log', { name: 'What the board says' })
  const field = (page: Page) => page.getByRole('textbox', { name: 'Type to the board' })
  const reads = (page: Page, text: RegExp | string) => screen(page).filter({ hasText: text }).waitFor()

  async function open(page: Page): Promise<void> {
    await page.getByRole('textbox', { name: 'Another one, by its address' }).fill(`serial:${line.path}`)
    await page.keyboard.press('Enter')
    await page.getByRole('combobox', { name: 'Baud' }).selectOption('921600')
    await page.getByRole('button', { name: 'Open a terminal' }).click()
    await page.getByText('Connected', { exact: true }).waitFor()
    await field(page).waitFor({ state: 'attached' })
  }

  it('is typed into, edits, draws, and is left by F6', async () => {
    const window = await Window.open(browser, server.url, 'dark', 'board')
    const { page } = window
    const { keyboard } = page
    await open(page)
    await expect.poll(() => page.evaluate('document.activeElement.tagName')).toBe('TEXTAREA')
    await keyboard.press('Enter')
    await reads(page, 'pi@raspberrypi:~$')
    await keyboard.type('echo $((6*7)) grün')
    // What the shell itself does with these keys: a word gone, the start of the line, one more character there.
    await keyboard.press('Control+k')
    for (const key of ['Control+a', 'Control+e']) await keyboard.press(key)
    await keyboard.press('Enter')
    await reads(page, '42 grün')
    await keyboard.type("printf '\\033[1;31mred\\033[0m \\033[7mturned\\033[0m\\n'; mkdir -p somewhere")
    await keyboard.press('Enter')
    await screen(page).locator('.bold.c1', { hasText: 'red' }).last().waitFor()
    await keyboard.type('cd some')
    await keyboard.press('Tab')
    await reads(page, 'cd somewhere/')
    await keyboard.press('Control+c')
    await window.shot('terminal-dark')
    await keyboard.press('F6')
    expect(await page.evaluate('document.activeElement.tagName')).not.toBe('TEXTAREA')

    // Elsewhere it goes on; back again, all is there.
    await page.getByRole('tab', { name: 'Log' }).click()
    await page.keyboard.press('Control+`')
    await reads(page, '42 grün')
    await field(page).focus()
    await keyboard.type('printf "\\033[?1049h\\033[5;10Hfull screen"; read x; printf "\\033[?1049l"')
    await keyboard.press('Enter')
    await expect.poll(async () => (await screen(page).innerText()).trim()).toBe('full screen')
    await keyboard.press('Enter')
    await reads(page, '42 grün')
    await window.leave()
  })

  it('owns its line until it is closed, or its window goes away', async () => {
    const first = await Window.open(browser, server.url, 'light', 'board')
    await open(first.page)
    const second = await Window.open(browser, server.url, 'light', 'board')
    await second.page.getByRole('textbox', { name: 'Another one, by its address' }).fill(`serial:${line.path}`)
    await second.page.keyboard.press('Enter')
    await second.page.getByRole('button', { name: 'Open a terminal' }).click()
    await second.page.getByText(/is held by a terminal of this program/).waitFor()
    await second.shot('terminal-busy')
    await first.leave()
    // The server hears a moment later that the window is gone.
    await second.page.waitForTimeout(500)
    await second.page.getByRole('button', { name: 'Open again' }).click()
    await second.page.getByText('Connected', { exact: true }).waitFor()
    await second.page.getByRole('button', { name: 'Close it' }).click()
    await second.page.getByText('Ended', { exact: true }).waitFor()
    await second.leave()
  })

  it('takes a flood without standing still', async () => {
    const window = await Window.open(browser, server.url, 'light', 'board')
    const { page } = window
    await open(page)
    await page.keyboard.press('Enter')
    await page.keyboard.type('seq 1 30000 | tail -c 120000; echo en""d')
    await page.keyboard.press('Enter')
    await page.evaluate(`window.late = 0; setInterval(() => {
      window.late = Math.max(window.late, performance.now() - (window.last ?? performance.now())); window.last = performance.now()
    }, 20)`)
    await reads(page, /29999\s*30000\s*end/)
    expect(await page.evaluate<number>('window.late')).toBeLessThan(1000)
    await window.leave()
  })
})
