/** A real Linux for aarch64 in the window: its key is trusted, its facts are shown, it is measured, its console is typed on. */
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { saveOnnx } from '../../src-main/formats/onnx/files'
import { EmulatedBoard, noBoard } from '../board/emulated'
import { livelyResnet } from '../fixtures/networks'
import { temporaryFolder } from '../fixtures/temporary'
import { launchBrowser, Window } from './browser'
import { RealServer } from './program'

const why = noBoard()
if (why) console.log(`The emulated board in the window is skipped: ${why}.`)

describe.skipIf(why)('an emulated board', () => {
  let browser: Browser
  let server: RealServer
  const board = new EmulatedBoard('lupine-e2e')
  const folder = temporaryFolder('e2e-board')
  const model = join(folder, 'net.onnx')

  beforeAll(async () => {
    await saveOnnx(model, livelyResnet(8))
    await board.down()
    await board.up()
    browser = await launchBrowser()
    // Nothing of this user's: no key, no agent, no host that is known.
    const own = { HOME: folder, XDG_CONFIG_HOME: join(folder, 'config'), XDG_CACHE_HOME: join(folder, 'cache') }
    server = await RealServer.start(['--root', folder], { ...own, SSH_AUTH_SOCK: '', LUPINE_NO_SETUP: '1' })
  }, 300_000)
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    await board.down()
  })

  it('is trusted by its fingerprint, measured, and drawn', { timeout: 900_000 }, async () => {
    const window = await Window.open(browser, server.url, 'light', 'board')
    const { page } = window
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    await page.getByRole('textbox', { name: 'Another one, by its address' }).fill(`ssh://pi@127.0.0.1:${board.port}`)
    await page.keyboard.press('Enter')
    await page.getByRole('textbox', { name: 'Model' }).fill(model)
    await page.getByRole('textbox', { name: 'Samples' }).fill('10')
    await page.getByRole('button', { name: 'Profile' }).click()

    const question = page.getByRole('dialog')
    await question.getByText(/fingerprint/).waitFor()
    const print = await board.fingerprint()
    expect(await question.innerText()).toContain(print)
    await window.shot('board-trust')
    await question.getByRole('button', { name: 'Yes, trust it' }).click()
    await question.locator('input[type=password]').fill('raspberry')
    await window.shot('board-password')
    await page.keyboard.press('Enter')

    await question.waitFor({ state: 'hidden' })
    if (!process.env['LUPINE_E2E_FULL']) {
      await page.getByRole('button', { name: 'Interrupt' }).click()
      await window.leave()
      return
    }

    await page.getByRole('group', { name: /Histogram of \d+ samples: median/ }).waitFor({ timeout: 800_000 })
    await page.getByRole('group', { name: /Time of \d+ layers/ }).waitFor()
    const facts = await page.getByRole('region', { name: 'The board' }).innerText()
    expect(facts).toMatch(/Debian GNU\/Linux 12/)
    expect(facts).toMatch(/onnxruntime 1\.\d+/)
    await page.getByRole('columnheader', { name: 'before' }).waitFor()
    // From now on it is a saved board.
    await page.getByRole('button', { name: 'Look again' }).click()
    await page.getByRole('radio', { name: /last used/ }).waitFor()
    await window.shot('board-measured')
    await window.leave()
  })

  it('has a console on its serial line', { timeout: 120_000 }, async () => {
    const window = await Window.open(browser, server.url, 'dark', 'board')
    const { page } = window
    const screen = page.getByRole('log', { name: 'What the board says' })
    const reads = (text: RegExp | string) => screen.filter({ hasText: text }).waitFor({ timeout: 30_000 })
    await page.getByRole('textbox', { name: 'Another one, by its address' }).fill(`serial:${board.serial}`)
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Open a terminal' }).click()
    await page.getByText('Connected', { exact: true }).waitFor()
    await page.keyboard.press('Enter')
    await reads(/login: ?$/)
    await page.keyboard.type('pi')
    await page.keyboard.press('Enter')
    await reads(/Password: ?$/)
    await page.keyboard.type('raspberry')
    await page.keyboard.press('Enter')
    await reads(/pi@raspberrypi:~\$ ?$/)
    await page.keyboard.type('uname -m; echo $((6*7))')
    await page.keyboard.press('Enter')
    await reads(/aarch64\s*42/)
    expect(await screen.innerText()).not.toContain('raspberry\n')
    await window.shot('board-console')
    await page.keyboard.type('exit')
    await page.keyboard.press('Enter')
    await reads(/login: ?$/)
    await window.leave()
  })
})
