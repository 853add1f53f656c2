/** electron-builder's beforePack: what is packed is built from these sources, with the notices of what travels along. */
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureBuilt } from '../launch/build.mjs'
import { notices } from './notices.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

export default async function beforePack() {
  const built = await ensureBuilt(root, (line) => process.stderr.write(`${line}\n`))
  if (!built.ok) throw new Error(`${built.message} ${built.hint}`)
  writeFileSync(join(root, 'out/THIRD-PARTY-NOTICES.txt'), notices(root))
}
