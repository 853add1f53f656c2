import { fail } from '../../core/failure'
import type { Split } from '../dataset'
import type { Pixels } from '../pixels'
import type { Filled, ReadOptions, Unreadable } from './messages'
import type { LoaderThreads } from './threads'

/** `images`: size × C × H × W (or size × H × W × C), as the loader's layout says. */
export interface ImageBatch<P extends Pixels = Float32Array> {
  readonly images: P
  /** Class indices; −1 without labels. */
  readonly labels: Int32Array
  /** Positions in the split: differ from what was asked for where an image could not be read. */
  readonly indices: Int32Array
  readonly size: number
}

export type LoaderOptions = Omit<ReadOptions, 'shape' | 'normalization' | 'seed' | 'replace'> &
  Partial<Pick<ReadOptions, 'seed' | 'replace'>>

/** Batches in memory: one that the engine is at, two being read meanwhile. */
const slots = 3
/** Of the images of a pass, so many may be unreadable; at least one. */
const tolerated = 0.01

/** Reads a split, batch after batch, ahead of whoever takes them. */
export class Loader<P extends Pixels = Float32Array> {
  private readonly id: number
  private readonly used: number
  private readonly memory: P[] = []
  private readonly broken = new Map<string, string>()

  constructor(
    private readonly threads: LoaderThreads,
    private readonly split: Split,
    private readonly create: (length: number) => P,
    options: Omit<ReadOptions, 'shape'>,
  ) {
    this.id = threads.number()
    this.used = threads.use(split.source.kind)
    const from = split.source
    for (let thread = 0; thread < this.used; thread++)
      threads.send(thread, { type: 'open', source: this.id, from, options: { ...options, shape: split.shape } })
  }

  /** Images that could not be read so far. */
  get unreadable(): Unreadable[] {
    return [...this.broken].map(([path, reason]) => ({ path, reason }))
  }

  /**
   * The images at the given positions, a batch per list. A batch's memory is overwritten once the next is asked
   * for. What cannot be read is left out, or replaced where the options say so.
   * @throws LupineError input 'dataset-damaged' when more than one in a hundred cannot be read; 'loader-failed'
   */
  async *batches(lists: readonly Uint32Array[], epoch = 0): AsyncGenerator<ImageBatch<P>, void, undefined> {
    const total = lists.reduce((sum, { length }) => sum + length, 0)
    const room = lists.reduce((most, { length }) => Math.max(most, length), 0) * this.pixels
    for (let slot = 0; slot < Math.min(slots, lists.length); slot++)
      if ((this.memory[slot]?.length ?? 0) < room) this.memory[slot] = this.create(room)
    const failed = new Map<string, string>()
    const jobs = new Set<{ readonly job: number; readonly thread: number }>()
    const pending: Promise<ImageBatch<P>>[] = []
    const start = (): void => {
      const filling = this.fill(this.memory[pending.length % slots]!, lists[pending.length]!, epoch, jobs, failed)
      filling.catch(() => {})
      pending.push(filling)
    }
    try {
      while (pending.length < Math.min(slots, lists.length)) start()
      for (let b = 0; b < lists.length; b++) {
        const batch = await pending[b]!
        this.judge(failed, total)
        if (batch.size > 0) yield batch
        // Its memory is free now.
        if (pending.length < lists.length) start()
      }
    } finally {
      for (const { job, thread } of jobs) this.threads.send(thread, { type: 'cancel', job })
      await Promise.allSettled(pending)
    }
  }

  /** Lets the threads forget the split. */
  close(): void {
    for (let thread = 0; thread < this.used; thread++) this.threads.send(thread, { type: 'close', source: this.id })
  }

  private get pixels(): number {
    const { channels, height, width } = this.split.shape
    return channels * height * width
  }

  /** Cuts a batch into parts for the threads, and puts it together again. */
  private async fill(
    memory: P,
    list: Uint32Array,
    epoch: number,
    jobs: Set<{ readonly job: number; readonly thread: number }>,
    failed: Map<string, string>,
  ): Promise<ImageBatch<P>> {
    const part = Math.max(1, Math.ceil(list.length / this.used))
    const fills: Promise<Filled>[] = []
    for (let from = 0, thread = 0; from < list.length; from += part, thread++) {
      const running = { job: this.threads.number(), thread }
      const indices = list.slice(from, from + part)
      const out = memory.subarray(from * this.pixels, (from + indices.length) * this.pixels)
      jobs.add(running)
      const filling = this.threads.fill(thread, { type: 'fill', source: this.id, ...running, indices, epoch, out })
      fills.push(filling.finally(() => jobs.delete(running)))
    }
    const indices = new Int32Array(list.length)
    let at = 0
    for (const filled of await Promise.all(fills)) {
      indices.set(filled.indices, at)
      at += filled.indices.length
      for (const { path, reason } of filled.unreadable) {
        failed.set(path, reason)
        this.broken.set(path, reason)
      }
    }
    return this.whole(memory, indices)
  }

  /** Closes the gaps that unreadable images left. */
  private whole(memory: P, indices: Int32Array): ImageBatch<P> {
    const pixels = this.pixels
    let size = 0
    indices.forEach((index, i) => {
      if (index < 0) return
      if (size < i) memory.copyWithin(size * pixels, i * pixels, (i + 1) * pixels)
      indices[size++] = index
    })
    const kept = indices.subarray(0, size)
    const labels = Int32Array.from(kept, (index) => this.split.labels[index]!)
    return { images: memory.subarray(0, size * pixels) as P, labels, indices: kept, size }
  }

  private judge(failed: ReadonlyMap<string, string>, total: number): void {
    if (failed.size <= Math.max(1, Math.ceil(total * tolerated))) return
    // The same one always, in whatever order they were come by.
    const [path, reason] = [...failed].sort(([a], [b]) => (a < b ? -1 : 1))[0]!
    throw fail(
      'input',
      'dataset-damaged',
      `${failed.size} of ${total} images cannot be read, more than one in a hundred; one is ${path}: ${reason}.`,
      'Copy or download the images again, or remove those that are broken.',
    )
  }
}

/** A loader of normalised images. */
export const openLoader = (
  threads: LoaderThreads,
  split: Split,
  options: Omit<LoaderOptions, 'normalization'> & Pick<ReadOptions, 'normalization'>,
): Loader =>
  new Loader(threads, split, (length) => new Float32Array(new SharedArrayBuffer(length * 4)), {
    ...{ seed: 0, replace: false },
    ...options,
  })

/** A loader of raw bytes. */
export const openByteLoader = (threads: LoaderThreads, split: Split, options: LoaderOptions): Loader<Uint8Array> =>
  new Loader(threads, split, (length) => new Uint8Array(new SharedArrayBuffer(length)), {
    ...{ seed: 0, replace: false },
    ...options,
    normalization: undefined,
  })

/** For people: which images were left out. Empty when none were. */
export function unreadableNotes(unreadable: readonly Unreadable[]): string[] {
  if (unreadable.length === 0) return []
  const shown = unreadable.slice(0, 3).map(({ path, reason }) => `${path} (${reason})`)
  const more = unreadable.length > shown.length ? ` and ${unreadable.length - shown.length} more` : ''
  const what = unreadable.length === 1 ? 'One image' : `${unreadable.length} images`
  return [`${what} could not be read and had to be left out: ${shown.join(', ')}${more}.`]
}
