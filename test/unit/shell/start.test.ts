import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { bridgeChannels } from '../../../src-main/contract/bridge'
import type { FileEntry } from '../../../src-main/contract'
import { serverMessage, type ServerMessage } from '../../../src-main/contract/wire'
import { createProgram, type Ports } from '../../../src-main/program/create'
import type { Program } from '../../../src-main/program/program'
import { createKeychain } from '../../../src-main/shell/keychain'
import { openedBy } from '../../../src-main/shell/opening'
import { pageUrl } from '../../../src-main/shell/origin'
import { startShell } from '../../../src-main/shell/start'
import { app, BrowserWindow, dialogs, ipcMain, Menu, protocol, safeStorage, shell } from '../../fixtures/electron'
import { makeProject } from '../../fixtures/project'
import { temporaryFolder } from '../../fixtures/temporary'

let folder: string
let program: Program
let ports: Ports
const jobs: { state: string; elsewhere?: boolean }[] = []

/** The whole shell on the stand-in, over the real program; only its jobs are made up. */
beforeAll(async () => {
  folder = temporaryFolder('shell')
  app.userData = folder
  mkdirSync(join(folder, 'page'))
  writeFileSync(join(folder, 'page/index.html'), '<!doctype html>')
  writeFileSync(join(folder, 'net.onnx'), 'x')
  await startShell(
    (given) => {
      ports = given
      const real = createProgram({ windows: { ...given.windows!, recent: join(folder, 'recent.json') } })
      const call = (name: string, request: never) =>
        name === 'jobs.list' ? Promise.resolve({ ok: true, value: jobs }) : real.call(name as never, request)
      return (program = { ...real, call: call as Program['call'] })
    },
    () => join(folder, 'page'),
  )
})

const window = (): BrowserWindow => BrowserWindow.opened.at(-1)!
const frame = { url: pageUrl, parent: null }
const say = (message: unknown) =>
  ipcMain.emit(bridgeChannels.toProgram, { sender: window().webContents, senderFrame: frame }, message)
const heard = (): ServerMessage[] => window().webContents.sent.map(({ message }) => serverMessage.parse(message))
async function ask(name: string, request: object): Promise<unknown> {
  const id = heard().length
  say({ type: 'call', id, name, request })
  const answer = await vi.waitFor(() => {
    const found = heard().findLast((one) => one.type === 'answer' && one.id === id)
    expect(found).toBeDefined()
    return found as Extract<ServerMessage, { type: 'answer' }>
  })
  return answer.result.ok ? answer.result.value : answer.result.failure
}

describe('the shell', () => {
  it('has its scheme, sandbox, window and menu', () => {
    expect(protocol.schemes).toEqual([{ scheme: 'app', privileges: { standard: true, secure: true } }])
    expect([app.sandboxed, window().url, protocol.handlers.has('app')]).toEqual([true, pageUrl, true])
    expect((Menu.current as { label?: string }[]).map(({ label }) => label).filter(Boolean)).toContain('&Go')
    expect(ports.windows?.roots).toEqual([])
  })

  it('keeps what is to be opened until the page listens, then tells it at once', async () => {
    app.emit('open-file', { preventDefault: () => undefined }, join(folder, 'net.onnx'))
    await vi.waitFor(() => expect(app.recent).toEqual([join(folder, 'net.onnx')]))
    expect(heard()).toEqual([])
    const entry = { kind: 'file', name: 'net.onnx' }
    await ask('files.places', {})
    const told = expect.objectContaining({ type: 'open', entry: expect.objectContaining(entry) })
    await vi.waitFor(() => expect(heard()).toContainEqual(told))
    const argv = ['Lupine', '--flag', 'net.onnx', 'not-there.onnx']
    app.isPackaged = true
    app.emit('second-instance', {}, argv, folder)
    await vi.waitFor(() => expect(heard().filter(({ type }) => type === 'open')).toHaveLength(2))
  })

  it('shows dialogs for what is to be picked, and nothing can be reached but that', async () => {
    dialogs.answers.open = [join(folder, 'net.onnx')]
    const { entries } = (await ask('files.pick', { want: 'model' })) as { entries: FileEntry[] }
    expect(dialogs.asked.at(-1)!.options).toMatchObject({
      properties: ['openFile'],
      filters: [{ extensions: ['onnx'] }],
    })
    await ask('files.reveal', { file: entries[0]!.id })
    expect(shell.shown).toEqual([join(folder, 'net.onnx')])
    dialogs.answers.open = []
    expect(await ask('files.pick', { want: 'folder' })).toEqual({ entries: [] })
    dialogs.answers.save = join(folder, 'exported.onnx')
    const saved = (await ask('files.pick', { want: 'save', name: 'x.onnx' })) as { entries: FileEntry[] }
    expect(saved.entries).toMatchObject([{ kind: 'new', name: 'exported.onnx' }])
    expect(await ask('files.copy', { from: entries[0]!.id, to: saved.entries[0]!.id })).toMatchObject({ bytes: 1 })
    expect(await ask('files.find', { path: '/etc/passwd' })).toMatchObject({ code: 'file-outside' })
    expect(await ask('model.inspect', { model: '/etc/passwd' })).toMatchObject({ code: 'file-not-picked' })
  })

  it('takes dropped files from its own page only', async () => {
    const take = ipcMain.handlers.get(bridgeChannels.take)!
    const paths = [join(folder, 'net.onnx'), 7]
    const ours = { sender: window().webContents, senderFrame: frame }
    expect(await take(ours, paths)).toMatchObject([{ name: 'net.onnx' }])
    for (const url of ['https://example.org/', 'app://evil/'])
      expect(await take({ ...ours, senderFrame: { url, parent: null } }, paths)).toEqual([])
    expect(await take(ours, 'net.onnx')).toEqual([])
  })

  it('sends the menu’s commands to the page, and lists projects opened before', async () => {
    const files = makeProject(join(folder, 'my run'))
    const entry = await program.windows!.grant(files.root)
    await ask('projects.open', { project: entry.id })
    const windows = { ...ports.windows!, recent: join(folder, 'recent.json') }
    const nextTime = await createProgram({ windows }).call('projects.recent', {})
    expect(nextTime).toMatchObject({ value: { projects: [{ project: { name: 'my run' }, there: true }] } })
    const before = Menu.current
    app.emit('browser-window-focus')
    await vi.waitFor(() => expect(Menu.current).not.toBe(before))
    type Item = { label?: string; submenu?: Item[]; click?: () => void }
    const find = (items: Item[], label: string): Item | undefined =>
      items.flatMap((one) => [one, ...(one.submenu ?? [])]).find((one) => one.label === label)
    const menu = Menu.current as Item[]
    find(menu, 'Model')!.click!()
    expect(heard().at(-1)).toEqual({ type: 'command', command: 'go.model' })
    find(menu, 'Open recent')!.submenu![0]!.click!()
    await vi.waitFor(() => expect(heard().at(-1)).toMatchObject({ type: 'open', entry: { kind: 'project' } }))
  })

  it('loads a page that went down again, and asks when that happens twice', async () => {
    const { webContents } = window()
    webContents.emit('render-process-gone', {}, { reason: 'crashed' })
    expect(webContents.reloads).toBe(1)
    dialogs.answers.message = 0
    webContents.emit('render-process-gone', {}, { reason: 'oom' })
    await vi.waitFor(() => expect(webContents.reloads).toBe(2))
    expect(dialogs.asked.at(-1)!.options['message']).toContain('oom')
  })

  it('asks before it leaves while a job is going on, and then leaves for good', async () => {
    jobs.push({ state: 'finished' }, { state: 'running', elsewhere: true }, { state: 'running' })
    dialogs.answers.message = 1
    let prevented = false
    window().emit('close', { preventDefault: () => (prevented = true) })
    await vi.waitFor(() => expect(dialogs.asked.at(-1)!.options['message']).toBe('A job is going on.'))
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect([prevented, app.quits]).toEqual([true, 0])
    dialogs.answers.message = 0
    app.quit()
    await vi.waitFor(() => expect(app.quits).toBe(1))
    let late = false
    window().emit('close', { preventDefault: () => (late = true) })
    expect(late).toBe(false)
  })
})

describe('the keychain', () => {
  it('seals secrets, and keeps none where the system has no keychain', async () => {
    const file = join(folder, 'secrets.json')
    const keychain = createKeychain(file)
    safeStorage.backend = 'gnome_libsecret'
    expect(await keychain.isAvailable()).toBe(true)
    await keychain.set('pi', 'raspberry')
    expect(await keychain.get('pi')).toBe('raspberry')
    expect(readFileSync(file, 'utf8')).not.toContain('raspberry')
    safeStorage.available = false
    expect([await keychain.get('pi'), await keychain.isAvailable()]).toEqual([undefined, false])
    safeStorage.available = true
    await keychain.forget('pi')
    expect(await keychain.get('pi')).toBeUndefined()
    writeFileSync(file, 'not JSON')
    expect(await keychain.get('pi')).toBeUndefined()
    safeStorage.backend = 'basic_text'
    if (process.platform === 'linux') expect(await keychain.isAvailable()).toBe(false)
  })
})

it('what an argv opens is there, and no switch', () => {
  writeFileSync(join(folder, '-x'), '')
  expect(openedBy(['--a', '.', 'net.onnx', '-x', 'gone', join(folder, 'net.onnx')], folder)).toEqual([
    join(folder, 'net.onnx'),
    join(folder, 'net.onnx'),
  ])
})
