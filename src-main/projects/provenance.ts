import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { writeAtomically } from '../formats/onnx/files'
import type { Layout } from './layout'

/** SHA-256 of a file, hex. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

export const hashBytes = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')

/** Files whose content is a result; logs go on growing and checkpoints go away. */
const isResult = (path: string): boolean =>
  !/^(checkpoints\/|\.lock|events\.jsonl|provenance\.json)/.test(path) && !path.endsWith('.part')

/** Writes provenance.json: what is given, and the hash of every file of the project. */
export async function writeProvenance(files: Layout, facts: Record<string, unknown>): Promise<void> {
  const hashes: Record<string, string> = {}
  for (const entry of await readdir(files.root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const name = relative(files.root, path).replaceAll('\\', '/')
    if (isResult(name)) hashes[name] = await hashFile(path)
  }
  const sorted = Object.fromEntries(Object.entries(hashes).sort(([a], [b]) => (a < b ? -1 : 1)))
  await writeAtomically(files.provenance, `${JSON.stringify({ ...facts, files: sorted }, null, 2)}\n`)
}
