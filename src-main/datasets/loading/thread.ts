/**
 * The program of a loader thread (built as out/main/loader.js): fills shared memory with images. Decoding runs on
 * libuv's pool, several images at once; laying out and normalising runs here, beside the thread that feeds the engine.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { FileSource } from '../dataset'
import type { ImageReader } from '../images/decode'
import { readRows } from '../rows'
import type { Filled, ToThread, Unreadable } from './messages'

type Open = Extract<ToThread, { type: 'open' }>
type Fill = Extract<ToThread, { type: 'fill' }>

const port = parentPort!
/** Images in work at once. */
const { atOnce } = workerData as { atOnce: number }
/** How many images in a row may be unreadable before a training batch stays without one. */
const replacements = 20

interface Source extends Open {
  /** For files. */
  readonly reader: Promise<ImageReader> | undefined
}

const sources = new Map<number, Source>()
const active = new Set<number>()
const cancelled = new Set<number>()

/** Loaded when the first folder is opened: data sets in memory need no decoder. */
const readerOf = async (from: FileSource, options: Open['options']): Promise<ImageReader> =>
  (await import('../images/decode')).createReader(from, options)

let free = atOnce
const waiting: (() => void)[] = []
async function turn<T>(work: () => Promise<T>): Promise<T> {
  if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
  else free--
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next) next()
    else free++
  }
}

async function fillFiles(fill: Fill, { from, options, reader }: Source): Promise<Filled> {
  const { job, epoch, out } = fill
  const { channels, height, width } = options.shape
  const read = await reader!
  const count = (from as FileSource).paths.ends.length
  const indices = Int32Array.from(fill.indices)
  const unreadable: Unreadable[] = []
  const one = async (i: number): Promise<void> => {
    for (let attempt = 0; attempt <= (options.replace ? Math.min(replacements, count - 1) : 0); attempt++) {
      if (cancelled.has(job)) return
      const index = (fill.indices[i] + attempt) % count
      try {
        await read(index, epoch, out, i * channels * height * width)
        indices[i] = index
        return
      } catch (error) {
        unreadable.push(await describe(from as FileSource, index, error as Error))
      }
    }
    indices[i] = -1
  }
  await Promise.all(Array.from(fill.indices, (_, i) => turn(() => one(i))))
  return { job, indices, unreadable }
}

/** What the system says, in words; by the errors' codes. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it is missing',
  EACCES: 'it may not be read',
  EISDIR: 'it is a folder',
  ELOOP: 'its links go in a circle',
  ERR_FS_FILE_TOO_LARGE: 'it is larger than 2 GB',
}

async function describe(from: FileSource, index: number, error: Error): Promise<Unreadable> {
  const { pathAt } = await import('../images/paths')
  const path = `${from.root}/${pathAt(from.paths, index)}`
  const known = reasons[(error as NodeJS.ErrnoException).code ?? '']
  // libvips says more on further lines, and speaks of the buffer it got.
  const reason =
    known ??
    error.message
      .split('\n')[0]
      .replaceAll(path, 'the file')
      .replace(/^input buffer/i, 'it')
      .trim()
  return { path, reason }
}

async function fill(message: Fill): Promise<void> {
  active.add(message.job)
  const source = sources.get(message.source)!
  let filled: Filled
  try {
    if (source.from.kind === 'rows') {
      if (!cancelled.has(message.job))
        readRows(source.from, message.indices, source.options, message.epoch, message.out)
      filled = { job: message.job, indices: Int32Array.from(message.indices), unreadable: [] }
    } else filled = await fillFiles(message, source)
  } catch (error) {
    filled = { job: message.job, indices: new Int32Array(0), unreadable: [], error: String((error as Error).stack) }
  }
  active.delete(message.job)
  cancelled.delete(message.job)
  port.postMessage(filled)
}

port.on('message', (message: ToThread) => {
  if (message.type === 'open') {
    const reader = message.from.kind === 'files' ? readerOf(message.from, message.options) : undefined
    // What goes wrong is told with the first fill.
    reader?.catch(() => {})
    sources.set(message.source, { ...message, reader })
  } else if (message.type === 'fill') void fill(message)
  else if (message.type === 'cancel') {
    if (active.has(message.job)) cancelled.add(message.job)
  } else if (message.type === 'close') sources.delete(message.source)
  else port.close()
})
