import { app, safeStorage } from 'electron'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Keychain } from '../program/questions'

type Held = Record<string, string>

/**
 * Secrets encrypted under a key of the system's keychain (macOS Keychain, Windows DPAPI, libsecret, KWallet), in a file of
 * the user's. Where Linux has no keychain, Chromium would use a key that anybody knows: then nothing is kept.
 */
export function createKeychain(file = join(app.getPath('userData'), 'secrets.json')): Keychain {
  const read = (): Held => {
    try {
      const content: unknown = JSON.parse(readFileSync(file, 'utf8'))
      const entries = typeof content === 'object' && content !== null ? Object.entries(content) : []
      return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
    } catch {
      return {}
    }
  }
  const write = (held: Held): void => {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(`${file}.part`, JSON.stringify(held), { mode: 0o600 })
    renameSync(`${file}.part`, file)
  }
  const isAvailable = async (): Promise<boolean> => {
    if (process.platform === 'linux' && ['basic_text', 'unknown'].includes(safeStorage.getSelectedStorageBackend()))
      return false
    return safeStorage.isAsyncEncryptionAvailable().catch(() => false)
  }
  return {
    isAvailable,
    async get(of) {
      const held = read()[of]
      if (held === undefined) return undefined
      // Written on another computer, or the keychain was renewed: as good as not there.
      const opened = await safeStorage.decryptStringAsync(Buffer.from(held, 'base64')).catch(() => undefined)
      return opened?.result
    },
    async set(of, secret) {
      try {
        const sealed = await safeStorage.encryptStringAsync(secret)
        write({ ...read(), [of]: sealed.toString('base64') })
      } catch {
        // As the port says.
      }
    },
    async forget(of) {
      const { [of]: _, ...others } = read()
      write(others)
    },
  }
}
