import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, relative, resolve } from 'node:path'
import { fail } from '../../core/failure'
import type { StringStringEntryProto } from './schema/onnx_pb'

/** Bytes of a tensor kept in another file; read when asked for. */
export interface ExternalBytes {
  readonly length: number
  read(): Uint8Array
}

/** Finds a tensor's bytes by its `external_data` entries. */
export type ExternalReader = (entries: readonly StringStringEntryProto[], tensor: string) => ExternalBytes

/**
 * External data beside a model (ONNX: location relative to the model's folder, offset, length). Nothing outside that
 * folder is read, whatever the file asks for.
 *
 * @throws LupineError 'onnx-external-data' for a location outside the folder, a missing or too short file
 */
export function externalData(folder: string, place: string): ExternalReader {
  const refuse = (what: string, hint: string, cause?: unknown) =>
    fail('input', 'onnx-external-data', `${place}: ${what}.`, hint, cause)
  return (entries, tensor) => {
    const entry = (key: string) => entries.find((candidate) => candidate.key === key)?.value
    const location = entry('location') ?? ''
    const path = insideOf(folder, location)
    if (!path)
      throw refuse(
        `the weights of "${tensor}" are said to be in "${location}", outside the model's folder`,
        'Only files beside the model are read. Save the model again with its data in the same folder.',
      )
    let size: number
    try {
      size = statSync(path).size
    } catch (error) {
      throw refuse(
        `the weights of "${tensor}" are in "${location}", which cannot be read`,
        'Copy the data file into the folder of the model, beside it.',
        error,
      )
    }
    const offset = count(entry('offset'), 0)
    const length = count(entry('length'), size - offset)
    if (!(offset >= 0 && length >= 0 && offset + length <= size))
      throw refuse(
        `the weights of "${tensor}" are bytes ${offset} to ${offset + length} of "${location}", which has ${size}`,
        'The data file is incomplete, or belongs to another model; copy both again.',
      )
    const read = () =>
      readBytes(path, offset, length, () => refuse(`"${location}" has become shorter`, 'Copy it again.'))
    return { length, read }
  }
}

const count = (text: string | undefined, fallback: number): number =>
  text === undefined || text === '' ? fallback : /^\d+$/.test(text) ? Number(text) : NaN

/** The real path, links followed, where it lies in the folder. */
function insideOf(folder: string, location: string): string | undefined {
  if (location === '' || isAbsolute(location) || location.includes('\0')) return undefined
  const path = resolve(folder, location)
  if (!isInside(resolve(folder), path)) return undefined
  try {
    return isInside(realpathSync(folder), realpathSync(path)) ? path : undefined
  } catch {
    // A missing file is named when it is opened.
    return path
  }
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '' && !way.startsWith('..') && !isAbsolute(way)
}

function readBytes(path: string, offset: number, length: number, short: () => Error): Uint8Array {
  const bytes = new Uint8Array(length)
  const file = openSync(path, 'r')
  try {
    for (let at = 0; at < length;) {
      const taken = readSync(file, bytes, at, length - at, offset + at)
      if (taken === 0) throw short()
      at += taken
    }
  } finally {
    closeSync(file)
  }
  return bytes
}
