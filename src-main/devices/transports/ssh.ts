import { readFile } from 'node:fs/promises'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import type { Client as SshClient, ClientChannel, ConnectConfig } from 'ssh2'
import type { Ask } from '../../contract'
import { fail, LupineError } from '../../core/failure'
import type { DeviceAddress } from '../address'
import { fingerprint, forgetHost, keyType, type KnownHost, knownHosts, trustHost } from './known-hosts'
import { Login } from './ssh-auth'
import { defaultIdentities, type SshSettings, sshSettings } from './ssh-config'
import { channelTrouble, connectTrouble, hostKeyChanged, hostKeyUnknown } from './ssh-errors'
import type { Connection, Exit, Program, TerminalSize, Transport } from './transport'

export type SshAddress = Extract<DeviceAddress, { kind: 'ssh' }>

/** ms. A freeze of half a minute is waited out; what is silent for longer is gone. */
const limits = { handshake: 20_000, channel: 20_000, keepalive: 5000, beats: 9 }

/** What ssh looks up outside the address; tests bring their own. */
export interface SshSurroundings {
  readonly env: NodeJS.ProcessEnv
  readonly home: string
  readonly ask: Ask
  /** Lupine's own list of trusted host keys; the user's, when absent. */
  readonly knownHosts?: string
  readonly limits?: Partial<typeof limits>
}

const surroundings = (ask: Ask): SshSurroundings => ({ env: process.env, home: homedir(), ask })

/** A board over ssh. */
export class SshTransport implements Transport {
  readonly place: string
  private login: Login | undefined

  private constructor(
    private readonly address: SshAddress,
    private readonly settings: SshSettings,
    private readonly around: SshSurroundings,
  ) {
    this.place = `${this.user}@${address.host}${this.port === 22 ? '' : `:${this.port}`}`
  }

  /** @throws LupineError usage 'ssh-proxy' */
  static async create(address: SshAddress, ask: Ask, around = surroundings(ask)): Promise<SshTransport> {
    const text = await readFile(join(around.home, '.ssh', 'config'), 'utf8').catch(() => '')
    const settings = sshSettings(text, address.host, around.home)
    if (settings.proxy)
      throw fail(
        'usage',
        'ssh-proxy',
        `~/.ssh/config reaches ${address.host} through another host (${settings.proxy}), which Lupine cannot do.`,
        'Open a tunnel (ssh -L 2222:board:22 jump) and use ssh://user@localhost:2222.',
      )
    return new SshTransport(address, settings, around)
  }

  get host(): string {
    return this.settings.hostName ?? this.address.host
  }
  get port(): number {
    return this.address.port ?? this.settings.port ?? 22
  }
  private get user(): string {
    return this.address.user ?? this.settings.user ?? userInfo().username
  }
  /** What a host key is remembered by. */
  private get id(): string {
    return `${this.host.toLowerCase()}:${this.port}`
  }

  forget(): Promise<void> {
    return forgetHost(this.id, this.around.knownHosts)
  }

  async connect(signal?: AbortSignal): Promise<Connection> {
    const known = (await knownHosts(this.around.knownHosts)).find(({ host }) => host === this.id)
    if (known) return this.attempt(known, signal)
    // An unknown key is looked at on a connection of its own, so that nobody thinks it over while a clock runs.
    const offered: { key?: Uint8Array } = {}
    try {
      return await this.attempt(undefined, signal, offered)
    } catch (error) {
      if (!(error instanceof LupineError) || error.failure.code !== 'host-key-unknown' || !offered.key) throw error
      const text = `${this.place} is new here. Its ${keyType(offered.key)} key has the fingerprint\n${fingerprint(offered.key)}\nTrust it from now on? (yes/no) `
      const said = await this.around.ask({ kind: 'trust', text })
      if (!/^\s*y(es)?\s*$/i.test(said ?? '')) throw error
      await trustHost(this.id, offered.key, new Date(), this.around.knownHosts)
      return this.connect(signal)
    }
  }

  private async attempt(
    known: KnownHost | undefined,
    signal?: AbortSignal,
    offered: { key?: Uint8Array } = {},
  ): Promise<Connection> {
    signal?.throwIfAborted()
    const { place, around } = this
    const times = { ...limits, ...around.limits }
    const login = (this.login ??= this.newLogin())
    const client = new ssh2.Client()
    let refusal: LupineError | undefined
    const verify = (key: Buffer): boolean => {
      offered.key = key
      if (!known) {
        if (this.address.trust !== 'new') refusal = hostKeyUnknown(place, keyType(key), fingerprint(key))
      } else if (known.key !== key.toString('base64'))
        refusal = hostKeyChanged(place, fingerprint(Buffer.from(known.key, 'base64')), fingerprint(key), known.since)
      return !refusal
    }
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: unknown): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
        if (!error) return resolve()
        client.destroy()
        reject(error as Error)
      }
      const abort = (): void => settle(signal!.reason)
      const late = (): void => settle(connectTrouble({ level: 'client-timeout' }, place, this, login.tried))
      let timer = setTimeout(late, times.handshake)
      const waiting = (asking: boolean): void => {
        clearTimeout(timer)
        if (!asking) timer = setTimeout(late, times.handshake)
      }
      signal?.addEventListener('abort', abort, { once: true })
      client.once('ready', () => settle())
      // Stays: a client that was given up may still have an error to tell, which nobody needs.
      client.on('error', (error) => settle(refusal ?? connectTrouble(error, place, this, login.tried)))
      client.once('close', () => settle(refusal ?? connectTrouble({ code: 'ECONNRESET' }, place, this, login.tried)))
      const config: ConnectConfig = {
        host: this.host,
        port: this.port,
        username: this.user,
        hostVerifier: verify,
        authHandler: login.handler(waiting),
        // Its own clock would run while a person is asked.
        readyTimeout: 0,
        keepaliveInterval: times.keepalive,
        keepaliveCountMax: times.beats,
        ...(known && { algorithms: { serverHostKey: { prepend: algorithmsOf(known.type), append: [], remove: [] } } }),
      }
      client.connect(config)
    })
    if (!known && offered.key) await trustHost(this.id, offered.key, new Date(), around.knownHosts)
    return connectionOver(client, place, times.channel)
  }

  private newLogin(): Login {
    const { address, settings, around, user, place } = this
    const named = address.key !== undefined || settings.identityFiles.length > 0
    const keys = address.key ? [address.key.replace(/^~(?=\/|$)/, around.home)] : settings.identityFiles
    const only = address.key !== undefined || settings.identitiesOnly
    return new Login({
      user,
      place,
      named,
      keys: named ? keys : defaultIdentities(around.home),
      agent: only ? undefined : (settings.identityAgent ?? around.env['SSH_AUTH_SOCK'] ?? undefined),
      password: around.env['LUPINE_PASSWORD'],
      passphrase: around.env['LUPINE_PASSPHRASE'],
      ask: around.ask,
    })
  }
}

/** Signature algorithms that a known key can be proven by: asked for first, so that the board shows the same key. */
const algorithmsOf = (type: string): never[] =>
  (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] : [type]) as never[]

function connectionOver(client: SshClient, place: string, limit: number): Connection {
  let settleLost: (why: LupineError) => void = () => undefined
  const lost = new Promise<LupineError>((resolve) => (settleLost = resolve))
  let why: LupineError | undefined
  client.on('error', (error) => (why ??= channelTrouble(error, place)))
  client.on('close', () => settleLost((why ??= channelTrouble({ message: 'the connection was closed' }, place))))
  const open = (begin: (opened: ChannelOpened) => void): Promise<ClientChannel> =>
    new Promise((resolve, reject) => {
      if (why) return reject(why)
      const timer = setTimeout(() => reject(channelTrouble({ message: 'no channel was opened' }, place)), limit)
      void lost.then((error) => (clearTimeout(timer), reject(error)))
      begin((error, channel) => {
        clearTimeout(timer)
        if (error) return reject(channelTrouble(error, place))
        channel.on('error', () => undefined)
        resolve(channel)
      })
    })
  return {
    lost,
    close: () => void client.end(),
    start: async (command) => programOn(await open((opened) => client.exec(command, opened))),
    async terminal({ columns: cols, rows }) {
      const channel = await open((opened) => client.shell({ term: 'xterm-256color', cols, rows }, opened))
      const resize = (size: TerminalSize): void => channel.setWindow(size.rows, size.columns, 0, 0)
      return { ...programOn(channel), resize }
    },
  }
}

type ChannelOpened = (error: Error | undefined, channel: ClientChannel) => void

function programOn(channel: ClientChannel): Program {
  const ended = new Promise<Exit>((done) =>
    channel.once('close', (code?: number | null, signal?: string) =>
      done({
        ...(typeof code === 'number' && { code }),
        ...(signal && { signal: signal.replace(/@.*$/, '') }),
      }),
    ),
  )
  const close = (): void => {
    channel.end()
    channel.close()
  }
  return { stdin: channel, stdout: channel, stderr: channel.stderr, ended, close }
}
