import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type RunningServer } from '../../../src-main/serve/server'
import { createFakeProgram } from '../../fixtures/fake-program'
import { get, tokenOf, upgradeStatus } from './client'
import { temporaryFolder } from '../../fixtures/temporary'

let folder: string
let server: RunningServer

beforeAll(async () => {
  folder = temporaryFolder('serve')
  const page = join(folder, 'page')
  await mkdir(join(page, 'assets'), { recursive: true })
  await writeFile(join(page, 'index.html'), '<!doctype html><title>Lupine</title>')
  await writeFile(join(page, 'assets/main.js'), 'export {}')
  await writeFile(join(page, 'assets/private.key'), 'not a type that is served')
  await writeFile(join(folder, 'secret.txt'), 'outside')
  await mkdir(join(folder, 'page-beside'))
  await writeFile(join(folder, 'page-beside/secret.txt'), 'outside, same prefix')
  await symlink(join(folder, 'secret.txt'), join(page, 'link.txt'))
  server = await startServer(createFakeProgram(), { page })
})
afterAll(async () => {
  await server.close()
})

const withToken = () => ({ authorization: `Bearer ${tokenOf(server.url)}` })

describe('the token', () => {
  it('is needed for the page, its files and the line', async () => {
    expect((await get(server.url, '/')).status).toBe(401)
    expect((await get(server.url, '/assets/main.js')).status).toBe(401)
    expect(await upgradeStatus(server.url, '/line')).toBe(401)
  })

  it('must be the right one', async () => {
    expect((await get(server.url, '/?token=wrong')).status).toBe(403)
    expect((await get(server.url, '/', { cookie: `lupine-${new URL(server.url).port}=wrong` })).status).toBe(403)
    expect((await get(server.url, `/?token=${tokenOf(server.url).slice(1)}`)).status).toBe(403)
    expect(await upgradeStatus(server.url, '/line?token=wrong')).toBe(403)
  })

  it('in the address becomes a strict cookie that suffices from then on', async () => {
    const first = await get(server.url, `/?token=${tokenOf(server.url)}`)
    expect(first.status).toBe(200)
    const cookie = first.headers['set-cookie']?.[0] ?? ''
    expect(cookie).toMatch(/^lupine-\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/)
    const pair = cookie.split(';')[0] ?? ''
    expect((await get(server.url, '/', { cookie: `other=1; ${pair}` })).status).toBe(200)
    expect(await upgradeStatus(server.url, '/line', { cookie: pair })).toBe(101)
  })

  it('is new for every server', async () => {
    const page = join(folder, 'page')
    const other = await startServer(createFakeProgram(), { page })
    expect(tokenOf(other.url)).not.toBe(tokenOf(server.url))
    await other.close()
  })

  it('of the user’s choice must be hard to guess and safe in a cookie', async () => {
    const page = join(folder, 'page')
    for (const token of ['short', 'has a blank and; a semicolon'])
      await expect(startServer(createFakeProgram(), { page, token })).rejects.toMatchObject({
        failure: { kind: 'usage', code: 'bad-token' },
      })
  })
})

describe('other sites', () => {
  it('are refused by Host, even with the token (DNS rebinding)', async () => {
    expect((await get(server.url, '/', { ...withToken(), host: 'evil.example' })).status).toBe(403)
    expect((await get(server.url, '/', { ...withToken(), host: '127.0.0.1:1' })).status).toBe(403)
    expect(await upgradeStatus(server.url, '/line', { ...withToken(), host: 'evil.example' })).toBe(403)
  })

  it('are refused by Origin, even with the token', async () => {
    for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:1']) {
      expect((await get(server.url, '/', { ...withToken(), origin })).status).toBe(403)
      expect(await upgradeStatus(server.url, '/line', { ...withToken(), origin })).toBe(403)
    }
    const { origin } = new URL(server.url)
    expect(await upgradeStatus(server.url, '/line', { ...withToken(), origin })).toBe(101)
  })
})

describe('another address', () => {
  // On Linux the whole of 127/8 is this computer; elsewhere 127.0.0.1 alone.
  it.runIf(process.platform === 'linux')('is listened on where asked for, and answers to that name only', async () => {
    const other = await startServer(createFakeProgram(), { page: join(folder, 'page'), host: '127.0.0.2' })
    const { port, origin } = new URL(other.url)
    const authorization = `Bearer ${tokenOf(other.url)}`
    expect(new URL(other.url).hostname).toBe('127.0.0.2')
    expect((await get(other.url, '/', { authorization, origin })).status).toBe(200)
    expect((await get(other.url, '/', { authorization, host: `127.0.0.1:${port}` })).status).toBe(403)
    expect((await get(other.url, '/', { authorization, origin: `http://127.0.0.1:${port}` })).status).toBe(403)
    await expect(get(`http://127.0.0.1:${port}`, '/', { authorization })).rejects.toThrow('ECONNREFUSED')
    await other.close()
  })

  it.each(['0.0.0.0', '::', '192.0.2.1'])('%s is refused', async (host) => {
    await expect(startServer(createFakeProgram(), { page: join(folder, 'page'), host })).rejects.toMatchObject({
      failure: { code: 'host-unusable' },
    })
  })
})

describe('the page', () => {
  it('comes with types and headers that keep everything inside', async () => {
    const index = await get(server.url, '/', withToken())
    expect(index.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(index.headers['content-security-policy']).toContain(
      "default-src 'none'; script-src 'self'; style-src 'self'",
    )
    expect(index.headers['x-content-type-options']).toBe('nosniff')
    expect((await get(server.url, '/assets/main.js', withToken())).headers['content-type']).toMatch(/^text\/javascript/)
  })

  it.each([
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/assets/../../secret.txt',
    '/..%5csecret.txt',
    '/../page-beside/secret.txt',
    '/link.txt',
    '/assets',
    '/assets/private.key',
    '/index.html%00.txt',
    '/%',
    '//etc/passwd.txt',
  ])('does not leave its folder: %s', async (path) => {
    expect((await get(server.url, path, withToken())).status).toBe(404)
  })

  it('is only read', async () => {
    expect((await get(server.url, '/', withToken(), 'POST')).status).toBe(405)
    const head = await get(server.url, '/', withToken(), 'HEAD')
    expect([head.status, head.body]).toEqual([200, ''])
  })

  it('is not the line', async () => {
    expect(await upgradeStatus(server.url, '/', withToken())).toBe(404)
  })
})

it('says it when the port is taken', async () => {
  const { port } = new URL(server.url)
  const again = startServer(createFakeProgram(), { port: Number(port), page: join(folder, 'page') })
  await expect(again).rejects.toMatchObject({ failure: { kind: 'usage', code: 'port-taken' } })
})
