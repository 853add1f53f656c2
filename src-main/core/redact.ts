/** What is known to be private: where it stands in a text, a word of what it is stands in its place. */
export interface Known {
  /** Names of people. */
  readonly users: readonly string[]
  /** Names of computers and boards. */
  readonly hosts: readonly string[]
  /** Paths that are named somewhere; those with blanks in them are found by this only. */
  readonly files: readonly string[]
}

const least = 3
const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/**
 * Takes names of people, computers, boards and files out of texts that are to be shown to others. The same name becomes
 * the same word throughout (`host-1`, `file-2.onnx`), so that a story stays readable.
 */
export class Redactor {
  private readonly words = new Map<string, string>()
  private readonly counts = new Map<string, number>()
  private readonly rules: readonly (readonly [RegExp, (match: string, ...groups: string[]) => string])[]

  constructor(known: Known) {
    const named = (names: readonly string[]) =>
      [...new Set(names)].filter((name) => name.length >= least).sort((a, b) => b.length - a.length)
    const words = (names: readonly string[], kind: string) =>
      named(names).map(
        (name) =>
          [new RegExp(`(?<![\\w])${escape(name)}(?![\\w])`, 'gi'), () => this.word(kind, name.toLowerCase())] as const,
      )
    this.rules = [
      ...named(known.files).map((path) => [new RegExp(escape(path), 'g'), () => this.path(path)] as const),
      // Addresses: a user and a host in one.
      [
        /(\w+:\/\/)(?:([^\s/@:]+)(?::[^\s/@]*)?@)?(\[[^\]\s]+\]|[\w.-]+)/g,
        (_, scheme, user, host) => `${scheme}${user ? `${this.word('user', user)}@` : ''}${this.host(host!)}`,
      ],
      [
        /[\w.+-]+@[\w-]+(?:\.[\w-]+)*/g,
        (address) => {
          const [user, host] = address.split('@') as [string, string]
          return `${this.word('user', user)}@${this.host(host)}`
        },
      ],
      // Paths: folders say who one is and for whom one works. What ends a file's name says what it is.
      [/(?:~|[A-Za-z]:|(?<![\w.:/~-]))(?:[\\/][^\s\\/:"'`,;()<>|]+)+[\\/]?/g, (path) => this.path(path)],
      [/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/gi, (address) => this.word('device', address)],
      [/(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])/g, (address) => this.host(address)],
      [
        /(?<![\w:])[0-9a-f]{1,4}(?:::[0-9a-f:]+|(?::{1,2}[0-9a-f]{1,4}){3,7})(?![\w:])/gi,
        (address) => this.host(address),
      ],
      [/(?<![\w.-])[\w-]+\.(?:local|lan|home|internal|intranet|corp)(?![\w-])/gi, (name) => this.host(name)],
      ...words(known.hosts, 'host'),
      ...words(known.users, 'user'),
    ]
  }

  text(text: string): string {
    return this.rules.reduce((redacted, [pattern, replace]) => redacted.replace(pattern, replace as never), text)
  }

  /** Every text within a value, keys too. */
  value(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value)
    if (Array.isArray(value)) return value.map((one) => this.value(one))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [this.text(key), this.value(inner)]))
  }

  private host(name: string): string {
    const plain = name.toLowerCase()
    // This computer is no secret.
    return ['localhost', '127.0.0.1', '[::1]', '::1', '0.0.0.0'].includes(plain) ? name : this.word('host', plain)
  }

  private path(path: string): string {
    // What every computer has.
    if (/^\/(dev|proc|sys|usr|etc|lib|bin)\//.test(path)) return path
    const ending = /\.\w{1,8}$/.exec(path)?.[0] ?? ''
    return `${this.word('file', path.replace(/[\\/]$/, ''))}${ending}`
  }

  private word(kind: string, of: string): string {
    const known = this.words.get(`${kind} ${of}`)
    // What is a word of ours already stays it.
    if (known !== undefined || /^(user|host|file|device)-\d+$/.test(of)) return known ?? of
    const count = (this.counts.get(kind) ?? 0) + 1
    this.counts.set(kind, count)
    this.words.set(`${kind} ${of}`, `${kind}-${count}`)
    return `${kind}-${count}`
  }
}
