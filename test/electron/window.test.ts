import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { _electron, type ElectronApplication, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decide, electronBinary } from '../../scripts/start.mjs'
import { commandRows } from '../../src-main/contract/commands'
import { temporaryFolder } from '../fixtures/temporary'

const root = join(import.meta.dirname, '../..')
const binary = electronBinary()
const facts = { platform: process.platform, env: process.env, root: process.getuid?.() === 0, reachable: false }
const { does, why } = decide({ ...facts, binary: binary !== undefined })
if (does !== 'window') console.warn(`Skipped: ${why}`)

describe.skipIf(does !== 'window')('the window in Electron', () => {
  let electron: ElectronApplication
  let page: Page
  const requests: string[] = []

  beforeAll(async () => {
    const userData = temporaryFolder('electron')
    const model = join(userData, 'net.onnx')
    mkdirSync(userData, { recursive: true })
    writeFileSync(model, 'no model')
    electron = await _electron.launch({
      executablePath: binary!,
      args: [root, `--user-data-dir=${userData}`, model],
      env: { ...(process.env as Record<string, string>), XDG_CONFIG_HOME: join(userData, 'config') },
    })
    page = await electron.firstWindow()
    page.on('request', (request) => requests.push(request.url()))
    await page.waitForSelector('#main')
  })
  afterAll(() => electron?.close())

  it('shows the page from app://, under its policy, in the sandbox', async () => {
    expect(page.url()).toMatch(/^app:\/\/lupine\//)
    const seen = await page.evaluate(
      '({ bridge: Object.keys(window.lupine).sort(), node: [typeof require, typeof process] })',
    )
    expect(seen).toEqual({ bridge: ['onMessage', 'send', 'take'], node: ['undefined', 'undefined'] })
    const preferences = await electron.evaluate(({ BrowserWindow }) => {
      const { webContents } = BrowserWindow.getAllWindows()[0]!
      return (webContents as unknown as { getLastWebPreferences(): object }).getLastWebPreferences()
    })
    expect(preferences).toMatchObject({ sandbox: true, contextIsolation: true, nodeIntegration: false })
  })

  it('reaches nothing outside, goes nowhere and opens nothing', async () => {
    const fetched = "fetch('https://example.org/').then(() => 'fetched', () => 'refused')"
    expect(await page.evaluate(fetched)).toBe('refused')
    expect(await page.evaluate("window.open('https://example.org/') === null")).toBe(true)
    await page.evaluate("window.location.href = 'https://example.org/'").catch(() => undefined)
    expect(page.url()).toMatch(/^app:\/\/lupine\//)
    expect(requests.filter((url) => !/^(app|data|blob|devtools):/.test(url))).toEqual([])
  })

  it('has every command in its menu', async () => {
    const labels = await electron.evaluate(({ Menu }) => {
      const all = (items: Electron.MenuItem[]): string[] =>
        items.flatMap((item) => [item.label, ...all(item.submenu?.items ?? [])])
      return all(Menu.getApplicationMenu()?.items ?? [])
    })
    expect(labels).toEqual(expect.arrayContaining(commandRows.map(({ title }) => title)))
  })

  it('talks to the program', async () => {
    const answer = await page.evaluate(`new Promise((resolve) => {
      const stop = window.lupine.onMessage((message) => {
        if (message.type === 'answer' && message.id === 990001) resolve((stop(), message))
      })
      window.lupine.send({ type: 'call', id: 990001, name: 'files.places', request: {} })
    })`)
    expect(answer).toMatchObject({ result: { ok: true, value: { dialogs: true, roots: [] } } })
  })
})
