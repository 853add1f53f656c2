import { randomBytes } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fail } from '../../core/failure'
import type { Network } from '../../core/graph/network'
import { externalData } from './external'
import { readOnnx } from './read'
import { writeOnnx } from './write'

/**
 * The bytes of a model file.
 * @throws LupineError 'model-missing', 'model-unreadable'
 */
export async function readModelBytes(path: string): Promise<Uint8Array> {
  try {
    // A plain view: a Buffer's subarray is several times slower, and a tensor is one.
    const { buffer, byteOffset, byteLength } = await readFile(path)
    return new Uint8Array(buffer, byteOffset, byteLength)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT')
      throw fail('input', 'model-missing', `There is no file ${path}.`, 'Check the path of the model.', error)
    if (code === 'EISDIR')
      throw fail('input', 'model-unreadable', `${path} is a folder, not a model file.`, 'Give a .onnx file.', error)
    if (code === 'ERR_FS_FILE_TOO_LARGE')
      throw fail(
        'input',
        'model-unreadable',
        `${path} is larger than 2 GB, more than one ONNX file can hold.`,
        'Save the model with external data; Lupine reads it from the same folder.',
        error,
      )
    throw fail(
      'input',
      'model-unreadable',
      `${path} cannot be read: ${(error as Error).message}.`,
      'Check its permissions.',
      error,
    )
  }
}

/** A model file as a Network. @throws as readModelBytes and readOnnx */
export async function loadOnnx(path: string): Promise<Network> {
  return readModel(await readModelBytes(path), path)
}

/** As `loadOnnx`, for bytes already read; weights in other files are read from the folder of `path`, when needed. */
export const readModel = (bytes: Uint8Array, path: string): Network =>
  readOnnx(bytes, path, externalData(dirname(path), path))

/** Writes bytes beside the target, then renames: a crash or a full disk never leaves half a file. */
export async function writeAtomically(path: string, bytes: Uint8Array | string): Promise<void> {
  const part = `${path}.${randomBytes(4).toString('hex')}.part`
  try {
    await writeFile(part, bytes)
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true })
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOSPC')
      throw fail(
        'work',
        'disk-full',
        `The disk is full: ${path} could not be written.`,
        'Free some space and run again; nothing was lost.',
        error,
      )
    throw fail(
      'work',
      'not-written',
      `${path} could not be written: ${(error as Error).message}.`,
      'Check that the folder exists and is yours to write.',
      error,
    )
  }
}

/** @throws LupineError 'disk-full', 'not-written' */
export async function saveOnnx(path: string, network: Network): Promise<void> {
  await writeAtomically(path, writeOnnx(network))
}
