import { existsSync } from 'node:fs'
import { readFile, realpath } from 'node:fs/promises'
import { extname, join, resolve, sep } from 'node:path'
import { fail } from '../core/failure'

/** One file of the built page. */
export interface PageFile {
  readonly type: string
  readonly body: Buffer
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
}

/**
 * Where the built page lies: beside the built program (this module may end up in out/main or in out/main/chunks), or
 * in out/ when run from the sources.
 * @throws LupineError when it has not been built
 */
export function rendererFolder(): string {
  const candidates = ['../renderer', '../../renderer', '../../out/renderer'].map((path) =>
    resolve(import.meta.dirname, path),
  )
  const found = candidates.find((folder) => existsSync(join(folder, 'index.html')))
  if (found === undefined)
    throw fail('work', 'page-not-built', `The window's page is not in ${candidates[0]}.`, 'Build it: npm run build.')
  return found
}

/**
 * The file that a request path names, or undefined: only plain files of known types inside `folder`, after symbolic
 * links are resolved.
 * @param path as in a URL, percent-encoded
 */
export async function readPageFile(folder: string, path: string): Promise<PageFile | undefined> {
  const relative = decode(path === '/' ? '/index.html' : path)
  const type = types[extname(relative ?? '').toLowerCase()]
  if (relative === undefined || type === undefined) return undefined
  try {
    const root = await realpath(folder)
    const file = await realpath(join(root, relative))
    if (!file.startsWith(root + sep)) return undefined
    return { type, body: await readFile(file) }
  } catch {
    return undefined
  }
}

function decode(path: string): string | undefined {
  try {
    const decoded = decodeURIComponent(path)
    return /[\0\\]/.test(decoded) ? undefined : decoded
  } catch {
    return undefined
  }
}
