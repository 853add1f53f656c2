import { createRequire } from 'node:module'
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fail } from '../../core/failure'
import { hashFile } from '../../projects/provenance'

export interface RuntimeLibrary {
  readonly path: string
  readonly sha256: string
  readonly size: number
  /** Of onnxruntime. */
  readonly version: string
}

const known = new Map<string, Promise<RuntimeLibrary>>()

/** libonnxruntime for Linux on an architecture, as the npm package onnxruntime-node carries it. @throws 'library-missing' */
export function runtimeLibrary(architecture: 'arm64' | 'x64'): Promise<RuntimeLibrary> {
  const found = known.get(architecture) ?? find(architecture)
  known.set(architecture, found)
  return found
}

async function find(architecture: string): Promise<RuntimeLibrary> {
  const require = createRequire(import.meta.url)
  const about = require.resolve('onnxruntime-node/package.json')
  const { version } = require(about) as { version: string }
  // A packed program keeps libraries beside its archive.
  const folder = dirname(about).replace(/\bapp\.asar\b/, 'app.asar.unpacked')
  const path = join(folder, `bin/napi-v6/linux/${architecture}/libonnxruntime.so.1`)
  try {
    return { path, version, sha256: await hashFile(path), size: (await stat(path)).size }
  } catch (error) {
    throw fail(
      'work',
      'library-missing',
      `onnxruntime for Linux on ${architecture} is not in this installation (${path}).`,
      'Install the program anew, or use a checkout: npm install brings it.',
      error,
    )
  }
}
