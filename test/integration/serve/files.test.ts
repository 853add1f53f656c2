import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FileEntry } from '../../../src-main/contract'
import { createProgram } from '../../../src-main/program/create'
import { samplePath } from '../../../src-main/program/sample'
import { startServer, type RunningServer } from '../../../src-main/serve/server'
import { temporaryFolder } from '../../fixtures/temporary'
import { callsOf, get, TestClient, tokenOf } from './client'

/** The real program behind the real server, allowed `home` only; `outside` lies beside it. */
let home: string
let outside: string
let server: RunningServer
let client: TestClient
const hostile = '<img src=x onerror=alert(1)>.onnx'
const turned = 'evil\u202Exnno.exe'

beforeAll(async () => {
  const folder = temporaryFolder('files')
  ;[home, outside] = [join(folder, 'home'), join(folder, 'home-beside')]
  for (const path of [join(home, 'models/deep'), join(home, '.hidden'), outside]) await mkdir(path, { recursive: true })
  await writeFile(join(home, 'models/net.onnx'), await readFile(samplePath()))
  await writeFile(join(home, 'models', hostile), '')
  await writeFile(join(home, 'models', `${turned}.onnx`), '')
  await writeFile(join(home, 'models/notes.txt'), 'a text')
  await writeFile(join(outside, 'secret.onnx'), 'secret')
  await symlink(outside, join(home, 'models/way-out'))
  await symlink(join(outside, 'secret.onnx'), join(home, 'models/linked.onnx'))
  await symlink(join(outside, 'not-yet'), join(home, 'models/dangling'))
  await symlink(join(home, 'models/deep'), join(home, 'models/way-in'))
  const page = join(folder, 'page')
  await mkdir(page)
  await writeFile(join(page, 'index.html'), '<!doctype html>')
  process.env['XDG_CACHE_HOME'] = join(folder, 'cache')
  const recent = join(folder, 'recent.json')
  server = await startServer(createProgram({ windows: { roots: [home], recent } }), { page })
  client = await TestClient.open(server.url)
})
afterAll(() => server.close())

const { ok, code } = callsOf(() => client)
const models = async (): Promise<FileEntry> => ok('files.find', { path: join(home, 'models') })

describe('browsing', () => {
  it('begins at the roots, and shows what is wanted', async () => {
    const { roots, sample, dialogs } = await ok('files.places', {})
    expect([roots.map(({ name }) => name), sample.kind, dialogs]).toEqual([['home'], 'file', false])
    const top = await ok('files.list', { folder: roots[0]!.id })
    expect(top.entries.map(({ name, kind }) => [name, kind])).toEqual([['models', 'folder']])
    const inside = await ok('files.list', { folder: top.entries[0]!.id, want: 'model' })
    expect(inside.entries.map(({ name }) => name)).toEqual([
      'deep',
      'way-in',
      hostile,
      'evil\\u{202e}xnno.exe.onnx',
      'net.onnx',
    ])
    expect(inside).toMatchObject({ outside: 3, total: 5, parents: [{ name: 'home' }] })
    expect((await ok('files.list', { folder: inside.folder.id, filter: 'NOTES' })).total).toBe(1)
    expect((await ok('files.list', { folder: roots[0]!.id, hidden: true })).total).toBe(2)
  })

  it('pages through a folder of many files', async () => {
    const many = join(home, 'many')
    await mkdir(many)
    await Promise.all(Array.from({ length: 1200 }, (_, i) => writeFile(join(many, `m${i}.onnx`), '')))
    const { id } = await ok('files.find', { path: many })
    const pages = await Promise.all([0, 500, 1000].map((from) => ok('files.list', { folder: id, from })))
    expect(pages.map(({ entries }) => entries.length)).toEqual([500, 500, 200])
    expect(pages[0]!.entries.slice(0, 3).map(({ name }) => name)).toEqual(['m0.onnx', 'm1.onnx', 'm2.onnx'])
  })

  it.each(['../home-beside', 'models/way-out', 'models/linked.onnx', 'models/dangling', '/etc/passwd', '/nowhere'])(
    'does not reach %s',
    async (path) =>
      expect(await code('files.find', { path: path.startsWith('/') ? path : `${home}/${path}` })).toBe('file-outside'),
  )

  it('says what is not there any more, and what is no folder', async () => {
    const { id } = await ok('files.find', { path: join(home, 'models/notes.txt') })
    expect(await code('files.list', { folder: id })).toBe('folder-unreadable')
    expect(await code('files.find', { path: join(home, 'nothing') })).toBe('file-missing')
    expect(await code('files.list', { folder: `file:${'A'.repeat(22)}` })).toBe('file-unknown')
    expect(await code('files.list', { folder: '../../etc' })).toBe('request-invalid')
  })

  it('looks again at every use: a folder swapped for a link to the outside is refused', async () => {
    const path = join(home, 'swapped')
    await mkdir(path)
    const { id } = await ok('files.find', { path })
    await rm(path, { recursive: true })
    await symlink(outside, path)
    expect(await code('files.list', { folder: id })).toBe('file-outside')
    await rm(path)
  })

  it('knows no dialogs in a browser', async () => {
    expect(await code('files.pick', { want: 'model' })).toBe('no-dialogs')
  })
})

describe('requests', () => {
  it('name files by ids', async () => {
    const { id } = await ok('files.find', { path: join(home, 'models/net.onnx') })
    expect(await ok('model.inspect', { model: id })).toMatchObject({ format: 'onnx', nodes: expect.any(Number) })
    expect((await ok('model.inspect', { model: (await ok('files.places', {})).sample.id })).groups).not.toEqual([])
  })

  it.each([
    ['a path inside', () => join(home, 'models/net.onnx')],
    ['a path outside', () => join(outside, 'secret.onnx')],
    ['a path behind an id', () => `file:${'A'.repeat(22)}/../../x`],
  ])('are refused with %s', async (_, path) => {
    expect(await code('model.inspect', { model: path() })).toBe('file-not-picked')
  })

  it('are refused with paths in addresses of data and devices', async () => {
    const { id } = await ok('files.find', { path: join(home, 'models/net.onnx') })
    const start = async (request: object) => {
      const { result } = await client.ask({
        type: 'start',
        name: 'search',
        request: { model: id, out: id, ...request },
      })
      return result.ok ? 'ok' : result.failure.code
    }
    const budget = { macs: 0.5 }
    for (const data of ['images:/etc', `cifar10:${id}/../..`])
      expect(await start({ data, device: 'local', budget })).toBe('file-not-picked')
    for (const device of [
      'replay:/etc',
      'ssh://pi@host?key=/home/someone/.ssh/id',
      `ssh://pi@host?key=${id}&key=/etc/x`,
    ])
      expect(await start({ data: 'sample', device, budget })).toBe('file-not-picked')
  })
})

describe('what is new', () => {
  it('gets an id before it is there', async () => {
    const place = await ok('files.new', { folder: (await models()).id, name: 'my run' })
    expect(place).toMatchObject({ kind: 'new', name: 'my run' })
    expect(await ok('files.new', { folder: (await models()).id, name: 'deep' })).toMatchObject({ kind: 'folder' })
    // A link that leads nowhere would take what is written to the other end.
    expect(await code('files.new', { folder: (await models()).id, name: 'dangling' })).toBe('file-outside')
  })

  it.each(['..', '.', 'a/b', 'a\\b', 'a\0b', ' a', 'a.', `${turned}`, 'ü'.repeat(200)])(
    'is not named %j',
    async (name) => expect(await code('files.new', { folder: (await models()).id, name })).toBe('name-unusable'),
  )

  it('can be a copy, which replaces only when told to', async () => {
    const from = (await ok('files.find', { path: join(home, 'models/notes.txt') })).id
    const to = (await ok('files.new', { folder: (await models()).id, name: 'copy.txt' })).id
    expect(await ok('files.copy', { from, to })).toMatchObject({ kind: 'file', bytes: 6 })
    expect(await code('files.copy', { from, to })).toBe('file-exists')
    expect(await code('files.copy', { from, to, overwrite: true })).toBe('ok')
    expect(await readFile(join(home, 'models/copy.txt'), 'utf8')).toBe('a text')
  })
})

function post(path: string, body: Buffer, headers: Record<string, string> = {}) {
  const { hostname, port } = new URL(server.url)
  return new Promise<{ status: number; body: { entry?: FileEntry; failure?: { code: string } } }>((resolve, reject) => {
    const authorization = `Bearer ${tokenOf(server.url)}`
    const out = request({ hostname, port, path, method: 'POST', headers: { authorization, ...headers } }, (answer) => {
      let text = ''
      answer.on('data', (part: Buffer) => (text += part.toString()))
      answer.on('end', () => resolve({ status: answer.statusCode!, body: JSON.parse(text) as never }))
    })
    out.on('error', reject)
    out.end(body)
  })
}

describe('uploads and downloads', () => {
  it('make a model on the server, and give it back', async () => {
    const bytes = await readFile(samplePath())
    const { status, body } = await post('/upload?name=mine.onnx&batch=abcdefgh', bytes)
    expect([status, body.entry?.name, body.entry?.bytes]).toEqual([200, 'mine.onnx', bytes.length])
    expect((await ok('model.inspect', { model: body.entry!.id })).format).toBe('onnx')
    const path = `/download/${encodeURIComponent(body.entry!.id)}`
    const answer = await get(server.url, path, { authorization: `Bearer ${tokenOf(server.url)}` })
    expect(answer.status).toBe(200)
    expect(answer.headers['content-disposition']).toBe("attachment; filename*=UTF-8''mine.onnx")
    expect(answer.headers['content-length']).toBe(String(bytes.length))
  })

  it.each([
    ['name=..%2Fx.onnx&batch=abcdefgh', 'name-unusable'],
    ['name=%00.onnx&batch=abcdefgh', 'name-unusable'],
    [`name=${'x'.repeat(10_000)}&batch=abcdefgh`, 'name-unusable'],
    ['name=x.onnx&batch=../../tmp', 'batch-unusable'],
  ])('refuse %.40s', async (query, expected) => {
    const { status, body } = await post(`/upload?${query}`, Buffer.from('x'))
    expect([status, body.failure?.code]).toEqual([400, expected])
  })

  it('are for our own page only', async () => {
    const foreign = { origin: 'http://evil.example' }
    const answer = await get(server.url, '/upload?name=x&batch=abcdefgh', foreign, 'POST')
    expect([answer.status, (await get(server.url, `/download/file:${'A'.repeat(22)}`)).status]).toEqual([403, 401])
  })

  it('of what can’t be reached are refused', async () => {
    const authorization = `Bearer ${tokenOf(server.url)}`
    for (const id of [`file:${'A'.repeat(22)}`, '..%2F..%2Fetc%2Fpasswd', ''])
      expect((await get(server.url, `/download/${id}`, { authorization })).status, id).toBe(400)
    expect((await get(server.url, `/download/${(await models()).id}`, { authorization })).status).toBe(400)
  })
})
