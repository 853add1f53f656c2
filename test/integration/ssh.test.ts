/** Logging in and trusting, against an ssh server in this process. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { afterEach, describe, expect, it } from 'vitest'
import { fingerprint } from '../../src-main/devices/transports/known-hosts'
import type { Question } from '../../src-main/contract'
import { deviceFailure, sshTo } from '../fixtures/board/device'
import { type BoardServer, boardServer, type BoardServerOptions, newKey } from '../fixtures/board/ssh-server'
import { temporaryFolder } from '../fixtures/temporary'

describe('ssh', () => {
  const servers: BoardServer[] = []
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close()
  })
  const serve = async (options: Partial<BoardServerOptions> = {}, port = 0) => {
    servers.push(await boardServer({ home: temporaryFolder('ssh-board'), ...options }, port))
    return servers.at(-1)!
  }
  const hello = async (transport: Awaited<ReturnType<typeof sshTo>>): Promise<string> => {
    const connection = await transport.connect()
    const program = await connection.start('echo hello; exit 3')
    let said = ''
    program.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const { code } = await program.ended
    await connection.close()
    return `${said.trim()} ${code}`
  }

  it('takes a password from the environment, or asks for it, once', async () => {
    const { port } = await serve()
    const home = temporaryFolder('ssh-host')
    const named = await sshTo(`ssh://pi@127.0.0.1:${port}?trust=new`, { home, env: { LUPINE_PASSWORD: 'raspberry' } })
    expect(await hello(named)).toBe('hello 3')
    const asked: Question[] = []
    const ask = (question: Question) => (asked.push(question), Promise.resolve('raspberry'))
    const transport = await sshTo(`ssh://pi@127.0.0.1:${port}`, { home, ask })
    expect([await hello(transport), await hello(transport)]).toEqual(['hello 3', 'hello 3'])
    const place = `pi@127.0.0.1:${port}`
    expect(asked).toEqual([{ kind: 'password', text: `Password of ${place}: `, of: place }])
  })

  it('takes a password by questions where a board wants that', async () => {
    const { port } = await serve({ interactive: true })
    const home = temporaryFolder('ssh-host')
    const around = { home, env: { LUPINE_PASSWORD: 'raspberry' } }
    expect(await hello(await sshTo(`ssh://pi@127.0.0.1:${port}?trust=new`, around))).toBe('hello 3')
  })

  it('says of a wrong password and of an unknown user what was tried, and the way out', async () => {
    const { port } = await serve()
    const home = temporaryFolder('ssh-host')
    for (const [user, env] of [
      ['pi', { LUPINE_PASSWORD: 'wrong' }],
      ['nobody', { LUPINE_PASSWORD: 'raspberry' }],
    ] as const) {
      const transport = await sshTo(`ssh://${user}@127.0.0.1:${port}?trust=new`, { home, env })
      const refused = deviceFailure(
        'login-refused',
        new RegExp(`^${user}@127.0.0.1:${port} refused the login \\(tried: password\\)`),
      )
      await expect(transport.connect()).rejects.toMatchObject(refused)
    }
    const without = await sshTo(`ssh://pi@127.0.0.1:${port}?trust=new`, { home })
    await expect(without.connect()).rejects.toMatchObject(
      deviceFailure('login-refused', /tried: nothing: there is no key/),
    )
  })

  it('takes a key file, with a passphrase too, and says what is wrong with one', async () => {
    const plain = newKey()
    const locked = newKey({ passphrase: 'open sesame', cipher: 'aes256-ctr', rounds: 4 })
    const { port } = await serve({ authorized: [plain.public, locked.public] })
    const only = await serve({ authorized: [locked.public] })
    const home = temporaryFolder('ssh-host')
    const [plainFile, lockedFile] = [join(home, 'plain'), join(home, 'locked')]
    writeFileSync(plainFile, plain.private)
    writeFileSync(lockedFile, locked.private)
    const at = (key: string, query = '') =>
      `ssh://pi@127.0.0.1:${key === 'plain' ? port : only.port}?trust=new&key=~/${key}${query}`
    expect(await hello(await sshTo(at('plain'), { home }))).toBe('hello 3')
    expect(await hello(await sshTo(at('locked'), { home, env: { LUPINE_PASSPHRASE: 'open sesame' } }))).toBe('hello 3')
    const ask = ({ kind }: Question) => Promise.resolve(kind === 'passphrase' ? 'open sesame' : undefined)
    expect(await hello(await sshTo(at('locked'), { home, ask }))).toBe('hello 3')
    const deaf = await sshTo(at('locked'), { home })
    await expect(deaf.connect()).rejects.toMatchObject(
      deviceFailure('login-refused', /tried: key .*locked \(.*passphrase/i),
    )
    const missing = await sshTo(at('absent'), { home })
    await expect(missing.connect()).rejects.toMatchObject(
      deviceFailure('login-refused', /tried: key .*absent \(ENOENT\)/),
    )
  })

  it('follows ~/.ssh/config: alias, port, user, key', async () => {
    const key = newKey()
    const { port, logins } = await serve({ user: 'jetson', authorized: [key.public] })
    const home = temporaryFolder('ssh-host')
    mkdirSync(join(home, '.ssh'))
    writeFileSync(join(home, '.ssh/board'), key.private)
    const config = `Host nano\n  HostName 127.0.0.1\n  Port ${port}\n  User jetson\n  IdentityFile ~/.ssh/board\n`
    writeFileSync(join(home, '.ssh/config'), config)
    const transport = await sshTo('ssh://nano?trust=new', { home })
    expect(transport.place).toBe(`jetson@nano:${port}`)
    expect(await hello(transport)).toBe('hello 3')
    expect(new Set(logins)).toEqual(new Set(['publickey jetson']))
  })

  const agent = spawnSync('ssh-agent', ['-s'], { encoding: 'utf8' })
  const [, socket, pid] = /SSH_AUTH_SOCK=([^;]+);.*SSH_AGENT_PID=(\d+)/s.exec(agent.stdout ?? '') ?? []
  if (!socket) console.log('There is no ssh-agent here: its test is skipped.')
  it.runIf(socket)('asks the ssh-agent', async () => {
    try {
      const key = newKey()
      const { port } = await serve({ authorized: [key.public] })
      const home = temporaryFolder('ssh-host')
      const file = join(home, 'key')
      writeFileSync(file, key.private, { mode: 0o600 })
      const env = { SSH_AUTH_SOCK: socket! }
      expect(spawnSync('ssh-add', [file], { env: { ...process.env, ...env } }).status).toBe(0)
      expect(await hello(await sshTo(`ssh://pi@127.0.0.1:${port}?trust=new`, { home, env }))).toBe('hello 3')
    } finally {
      process.kill(Number(pid))
    }
  })

  it('trusts a host key on first use when told to, and refuses a changed one with both fingerprints', async () => {
    const [first, second] = [newKey(), newKey()]
    const print = (key: typeof first) => fingerprint((ssh2.utils.parseKey(key.public) as ssh2.ParsedKey).getPublicSSH())
    const { port, close } = await serve({ hostKey: first.private })
    const home = temporaryFolder('ssh-host')
    const env = { LUPINE_PASSWORD: 'raspberry' }
    const address = `ssh://pi@127.0.0.1:${port}`
    const unasked = await sshTo(address, { home, env })
    await expect(unasked.connect()).rejects.toMatchObject({
      failure: { code: 'host-key-unknown', message: expect.stringContaining(print(first)) },
    })
    let question = ''
    const ask = ({ text }: Question) => ((question = text), Promise.resolve('no'))
    await expect((await sshTo(address, { home, env, ask })).connect()).rejects.toMatchObject({
      failure: { code: 'host-key-unknown' },
    })
    expect(question).toContain(print(first))
    expect(await hello(await sshTo(address, { home, env, ask: () => Promise.resolve('yes') }))).toBe('hello 3')
    expect(readFileSync(join(home, 'known-hosts.json'), 'utf8')).toContain(`127.0.0.1:${port}`)
    expect(await hello(unasked)).toBe('hello 3')

    await close()
    await serve({ hostKey: second.private }, port)
    const trusting = await sshTo(`${address}?trust=new`, { home, env })
    const changed = expect.objectContaining({
      code: 'host-key-changed',
      hint: expect.stringContaining('devices forget'),
    })
    const error: unknown = await trusting.connect().catch((error: unknown) => error)
    expect(error).toMatchObject({ failure: changed })
    expect((error as Error).message).toContain(print(first))
    expect((error as Error).message).toContain(print(second))
    await trusting.forget()
    expect(await hello(trusting)).toBe('hello 3')
  })

  it('names a closed port, an unknown host and a board that does not answer', async () => {
    const home = temporaryFolder('ssh-host')
    const mute = createServer((socket) => socket.on('error', () => undefined).resume())
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
    const { port } = mute.address() as AddressInfo
    const limits = { handshake: 300 }
    const silent = await sshTo(`ssh://pi@127.0.0.1:${port}`, { home, limits })
    await expect(silent.connect()).rejects.toMatchObject(deviceFailure('device-unreachable', /does not answer/))
    await new Promise((resolve) => mute.close(resolve))
    await expect((await sshTo(`ssh://pi@127.0.0.1:${port}`, { home })).connect()).rejects.toMatchObject(
      deviceFailure('device-refused', /nothing listens on port/),
    )
    await expect((await sshTo('ssh://pi@board.invalid', { home })).connect()).rejects.toMatchObject(
      deviceFailure('device-unknown-host', /no computer named board.invalid/),
    )
  })

  it('takes a board that hangs up for one that is starting', async () => {
    const home = temporaryFolder('ssh-host')
    const booting = createServer((socket) =>
      socket
        .on('error', () => undefined)
        .resume()
        .end(),
    )
    await new Promise<void>((resolve) => booting.listen(0, '127.0.0.1', resolve))
    const { port } = booting.address() as AddressInfo
    const transport = await sshTo(`ssh://pi@127.0.0.1:${port}`, { home })
    await expect(transport.connect()).rejects.toMatchObject(
      deviceFailure('device-lost', /connection lost before handshake/),
    )
    await new Promise((resolve) => booting.close(resolve))
  })

  it('notices by itself that a connection is dead', async () => {
    const home = temporaryFolder('ssh-host')
    const { port } = await serve()
    const around = { home, env: { LUPINE_PASSWORD: 'raspberry' }, limits: { keepalive: 100, beats: 2 } }
    const connection = await (await sshTo(`ssh://pi@127.0.0.1:${port}?trust=new`, around)).connect()
    // The server stops reading: what a board does whose power is gone.
    servers[0]!.freeze()
    expect((await connection.lost).failure).toMatchObject({ kind: 'device', code: 'device-lost' })
  })
})
