import { readFile } from 'node:fs/promises'
import ssh2 from 'ssh2'
import type { AnyAuthMethod, AuthHandlerMiddleware, ParsedKey } from 'ssh2'
import type { Ask } from '../../contract'

export interface Credentials {
  readonly user: string
  /** Key files to try; those of `named` were asked for, so it is said why they cannot be used. */
  readonly keys: readonly string[]
  readonly named: boolean
  /** Socket of an ssh-agent. */
  readonly agent?: string | undefined
  readonly password?: string | undefined
  readonly passphrase?: string | undefined
  readonly ask: Ask
  /** The board, in questions. */
  readonly place: string
}

/** Ways to log in, in turn: keys, the ssh-agent, a password. Remembers what was tried, for the message. */
export class Login {
  readonly tried: string[] = []
  /** A password that was asked for, for when the board is back. */
  private password: string | undefined
  private readonly phrases = new Map<string, string>()

  constructor(private readonly credentials: Credentials) {
    this.password = credentials.password
  }

  /** For ssh2, one per connection. @param waiting told while a person is asked, so that no clock runs */
  handler(waiting: (asking: boolean) => void): AuthHandlerMiddleware {
    this.tried.length = 0
    const methods = this.methods(waiting)
    let left: readonly string[] = []
    return (offered, _partial, next) => {
      // Null at first: what the board offers is told in answer to "none".
      left = (offered as readonly string[] | null) ?? left
      const go = async (): Promise<void> => {
        for (;;) {
          const { value, done } = await methods.next(left)
          if (done) return next(false as never)
          const kind = value.type === 'agent' ? 'publickey' : value.type
          if (kind === 'none' || left.length === 0 || left.includes(kind)) return next(value)
        }
      }
      go().catch(() => next(false as never))
    }
  }

  private async *methods(waiting: (asking: boolean) => void): AsyncGenerator<AnyAuthMethod, void, readonly string[]> {
    const { user, keys, agent } = this.credentials
    const base = { username: user }
    let left = yield { ...base, type: 'none' }
    for (const path of keys) {
      const key = await this.load(path, waiting)
      if (!key) continue
      this.tried.push(`key ${path}`)
      left = yield { ...base, type: 'publickey', key }
    }
    if (agent) {
      this.tried.push('ssh-agent')
      left = yield { ...base, type: 'agent', agent }
    }
    const [plain, interactive] = [left.includes('password'), left.includes('keyboard-interactive')]
    if (!plain && !interactive) return
    const password = await this.askPassword(waiting)
    if (password === undefined) return
    this.tried.push('password')
    if (plain) left = yield { ...base, type: 'password', password }
    // Some boards ask for the password this way only; every question that hides its answer is taken for it.
    if (interactive)
      yield {
        ...base,
        type: 'keyboard-interactive',
        prompt: (_name, _instructions, _language, prompts, finish) =>
          finish(prompts.map(({ echo }) => (echo ? '' : password))),
      }
  }

  private async askPassword(waiting: (asking: boolean) => void): Promise<string | undefined> {
    if (this.password !== undefined) return this.password
    const { ask, place } = this.credentials
    waiting(true)
    try {
      this.password = await ask({ kind: 'password', text: `Password of ${place}: `, of: place })
      return this.password
    } finally {
      waiting(false)
    }
  }

  private async load(path: string, waiting: (asking: boolean) => void): Promise<ParsedKey | undefined> {
    const { named, passphrase, ask } = this.credentials
    let bytes: Buffer
    try {
      bytes = await readFile(path)
    } catch (error) {
      if (named) this.tried.push(`key ${path} (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`)
      return undefined
    }
    let phrase = this.phrases.get(path) ?? passphrase
    let key = ssh2.utils.parseKey(bytes, phrase)
    // Keys that nobody named are tried only where that costs nobody anything.
    if (key instanceof Error && /encrypted|passphrase|bad decrypt|integrity/i.test(key.message) && named) {
      waiting(true)
      phrase = await ask({ kind: 'passphrase', text: `Passphrase of ${path}: `, of: path }).finally(() =>
        waiting(false),
      )
      if (phrase !== undefined) {
        this.phrases.set(path, phrase)
        key = ssh2.utils.parseKey(bytes, phrase)
      }
    }
    if (!(key instanceof Error)) return Array.isArray(key) ? (key as ParsedKey[])[0] : key
    if (named) this.tried.push(`key ${path} (${key.message.replace(/^.*?: /, '')})`)
    return undefined
  }
}
