import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const require = createRequire(import.meta.url)

/** What Electron's program holds, so that fuses can be set: this, the version of the scheme, their number, a digit each. */
const sentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
const fuses = 9

/** A folder that electron-builder takes for an unpacked Electron. */
export function standInElectron(folder: string): string {
  mkdirSync(join(folder, 'resources'), { recursive: true })
  const wire = Buffer.concat([Buffer.from(sentinel), Buffer.from([1, fuses]), Buffer.from('0'.repeat(fuses))])
  writeFileSync(
    join(folder, 'electron'),
    Buffer.concat([Buffer.from('\x7fELF, a stand-in '), wire, Buffer.from('\n')]),
    {
      mode: 0o755,
    },
  )
  const manifest = readFileSync(require.resolve('electron/package.json'), 'utf8')
  writeFileSync(join(folder, 'version'), (JSON.parse(manifest) as { version: string }).version)
  return folder
}
