import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { MenuItemConstructorOptions } from 'electron'
import { commandRows } from '../../../src-main/contract/commands'
import { contentSecurityPolicy } from '../../../src-main/contract/page'
import { commandLineOf, namesCommand } from '../../../src-main/shell/command-line'
import { menuTemplate } from '../../../src-main/shell/menu'
import { isOwnPage, pageUrl } from '../../../src-main/shell/origin'
import { isAllowed, mayRequest, restrictPermissions } from '../../../src-main/shell/permissions'
import { answerPage } from '../../../src-main/shell/protocol'
import { openWindow } from '../../../src-main/shell/windows'
import { BrowserWindow as FakeWindow, session as fakeSession } from '../../fixtures/electron'
import { temporaryFolder } from '../../fixtures/temporary'

const strangers = [
  'https://lupine/',
  'app://lupine.evil/',
  'app://evil/',
  'app://user@lupine/',
  'file:///etc/passwd',
  'about:blank',
  'data:text/html,x',
  '',
  undefined,
]

describe('our own page', () => {
  it.each(strangers)('is not %s', (address) => expect(isOwnPage(address)).toBe(false))
  it.each([pageUrl, 'app://lupine/index.html#log'])('is %s', (address) => expect(isOwnPage(address)).toBe(true))
})

describe('the window', () => {
  it('has all walls up', () => {
    openWindow('/preload.cjs')
    const { options, url } = FakeWindow.opened.at(-1)!
    expect(options['webPreferences']).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      preload: '/preload.cjs',
    })
    expect(url).toBe('app://lupine/')
  })

  it('goes nowhere, opens nothing, embeds nothing', () => {
    openWindow('/preload.cjs')
    const { webContents } = FakeWindow.opened.at(-1)!
    const prevented = (name: string, url: string): boolean => {
      let stopped = false
      webContents.emit(name, { url, preventDefault: () => (stopped = true) })
      return stopped
    }
    for (const name of ['will-navigate', 'will-redirect', 'will-attach-webview'])
      expect(prevented(name, 'https://example.org/'), name).toBe(true)
    expect(prevented('will-navigate', `${pageUrl}#log`)).toBe(false)
    expect(webContents.windowOpenHandler?.({ url: pageUrl })).toEqual({ action: 'deny' })
  })
})

describe('permissions', () => {
  it('are denied but for writing the clipboard, and that to our page only', () => {
    for (const permission of [
      'clipboard-read',
      'geolocation',
      'media',
      'notifications',
      'serial',
      'openExternal',
      'hid',
    ])
      expect(isAllowed(permission, pageUrl), permission).toBe(false)
    expect(isAllowed('clipboard-sanitized-write', pageUrl)).toBe(true)
    for (const address of strangers) expect(isAllowed('clipboard-sanitized-write', address)).toBe(false)
  })

  it('are installed at every door, and outside requests are cancelled', () => {
    const { defaultSession } = fakeSession
    restrictPermissions(defaultSession as never)
    let answer: boolean | undefined
    defaultSession.requestHandler?.(null, 'media', (yes) => (answer = yes), { requestingUrl: pageUrl })
    expect(answer).toBe(false)
    expect(defaultSession.checkHandler?.(null, 'clipboard-sanitized-write', pageUrl)).toBe(true)
    expect(defaultSession.deviceHandler?.()).toBe(false)
    let cancelled: boolean | undefined
    defaultSession.beforeRequest?.({ url: 'https://example.org/' }, ({ cancel }) => (cancelled = cancel))
    expect(cancelled).toBe(true)
    const refused = ['https://example.org/x', 'blob:https://example.org/1', 'file:///etc/passwd'].map((url) => {
      let prevented = false
      defaultSession.emit('will-download', { preventDefault: () => (prevented = true) }, { getURL: () => url })
      return prevented
    })
    expect(refused).toEqual([true, true, true])
    expect(mayRequest(`blob:${pageUrl}0a1b`)).toBe(true)
    expect([mayRequest(`${pageUrl}assets/x.js`), mayRequest('data:image/png;base64,'), mayRequest('wss://x/')]).toEqual(
      [true, true, false],
    )
  })
})

describe('app://', () => {
  let folder: string
  beforeAll(async () => {
    folder = temporaryFolder('app')
    await writeFile(join(folder, 'index.html'), '<!doctype html>')
  })

  it('serves the page with the content security policy', async () => {
    const answer = await answerPage(folder, { method: 'GET', url: pageUrl })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-security-policy')).toBe(contentSecurityPolicy)
    expect(answer.headers.get('content-type')).toMatch(/^text\/html/)
  })

  it.each([
    ['another host', 'GET', 'app://evil/index.html'],
    ['what lies outside', 'GET', 'app://lupine/..%2f..%2fetc/hosts.txt'],
    ['writing', 'POST', pageUrl],
  ])('refuses %s', async (_, method, url) => {
    expect((await answerPage(folder, { method, url })).status).toBe(404)
  })
})

describe('the menu', () => {
  it('reaches every command, and quits where the platform expects it', () => {
    for (const platform of ['linux', 'darwin'] as const) {
      const commands: string[] = []
      const opened: string[] = []
      const actions = { command: (id: string) => void commands.push(id), open: (id: string) => void opened.push(id) }
      const menu = menuTemplate(platform, actions, [{ id: 'file:x', name: 'my run' }])
      const items = (all: MenuItemConstructorOptions[]): MenuItemConstructorOptions[] =>
        all.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? items(item.submenu) : [])])
      for (const item of items(menu)) item.click?.({} as never, undefined, {} as never)
      expect([...commands].sort()).toEqual(commandRows.map(({ id }) => id).sort())
      expect(opened).toEqual(['file:x'])
      expect(items(menu).filter(({ role }) => role === 'quit')).toHaveLength(platform === 'linux' ? 1 : 0)
      // The page hears its keys itself.
      expect(
        items(menu).every(({ accelerator, registerAccelerator }) => !accelerator || registerAccelerator === false),
      ).toBe(true)
    }
  })
})

describe('argv', () => {
  it.each([
    [['electron', '.', 'demo', '--json'], false, true],
    [['Lupine', 'demo'], true, true],
    [['electron', '.'], false, false],
    [['Lupine', '--no-sandbox'], true, false],
    [['Lupine', '/home/me/net.onnx'], true, false],
  ])('%j (packaged: %s) is a command line: %s', (argv, isPackaged, expected) => {
    expect(namesCommand(commandLineOf(argv, isPackaged))).toBe(expected)
  })
})
