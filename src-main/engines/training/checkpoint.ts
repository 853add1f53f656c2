import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fail, type LupineError } from '../../core/failure'
import type { Network } from '../../core/graph/network'
import { readOnnx } from '../../formats/onnx/read'
import { writeOnnx } from '../../formats/onnx/write'
import type { EpochRecord } from '../interface'

/** Everything an epoch's end leaves behind: training goes on from it as if it had not stopped. */
export interface Checkpoint {
  /** What the training was made of: see `recipeHash`. */
  readonly recipe: string
  /** Finished epochs. */
  readonly epoch: number
  readonly network: Network
  /** The optimizer's velocities per initializer, in the graph's layout. */
  readonly velocities: ReadonlyMap<string, Float32Array>
  readonly records: readonly EpochRecord[]
  /** Validation top-1 before training. */
  readonly before: number
  /** What a pruning regime remembers; plain JSON. */
  readonly regime?: unknown
}

interface Header {
  readonly format: 'lupine-checkpoint'
  readonly version: 2
  readonly recipe: string
  readonly epoch: number
  readonly records: readonly EpochRecord[]
  readonly before: number
  readonly regime?: unknown
  /** Velocities in the order they follow each other in velocities.f32: name, number of floats. */
  readonly velocities: readonly (readonly [string, number])[]
}

/** As `sha256sum` writes and checks it: every file's digest, so that a flipped bit is noticed. */
const sums = 'SHA256SUMS'
const files = ['model.onnx', 'velocities.f32', 'checkpoint.json'] as const
type Contents = Readonly<Record<(typeof files)[number], Uint8Array>>

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const sumsOf = (contents: Contents): string => files.map((name) => `${digest(contents[name])}  ${name}\n`).join('')

/** A digest of everything that decides what a training computes. */
export function recipeHash(...parts: readonly (Uint8Array | string)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${part.length}:`).update(part)
  return hash.digest('hex')
}

/**
 * Writes a checkpoint as a folder of its own, in one rename.
 * @param folder what will be the checkpoint's own
 * @throws LupineError work 'disk-full', 'checkpoint-not-written'; then nothing is left of it
 */
export async function writeCheckpoint(folder: string, checkpoint: Checkpoint): Promise<void> {
  const { network, velocities, ...rest } = checkpoint
  const header: Header = {
    format: 'lupine-checkpoint',
    version: 2,
    ...rest,
    velocities: [...velocities].map(([name, values]) => [name, values.length] as const),
  }
  const bytes = [...velocities.values()].map((v) => new Uint8Array(v.buffer, v.byteOffset, v.byteLength))
  const contents: Contents = {
    'model.onnx': writeOnnx(network),
    'velocities.f32': Buffer.concat(bytes),
    'checkpoint.json': Buffer.from(JSON.stringify(header)),
  }
  // A process that was killed may have left, or still be writing, one of the same epoch.
  const part = `${folder}.${process.pid}.part`
  try {
    await rm(part, { recursive: true, force: true })
    await mkdir(part, { recursive: true })
    // Flushed: after a power cut a renamed folder must not hold empty files.
    for (const name of files) await writeFile(join(part, name), contents[name], { flush: true })
    await writeFile(join(part, sums), sumsOf(contents), { flush: true })
    await rm(folder, { recursive: true, force: true })
    await rename(part, folder)
  } catch (error) {
    await rm(part, { recursive: true, force: true }).catch(() => {})
    throw notWritten(folder, checkpoint.epoch, error as NodeJS.ErrnoException)
  }
}

function notWritten(folder: string, epoch: number, error: NodeJS.ErrnoException): LupineError {
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT')
    return fail(
      'work',
      'disk-full',
      `The disk is full: the checkpoint of epoch ${epoch} could not be written to ${folder}.`,
      'Free some space and give the same command again: it goes on from the checkpoint before.',
      error,
    )
  return fail(
    'work',
    'checkpoint-not-written',
    `The checkpoint of epoch ${epoch} could not be written to ${folder}: ${error.message}.`,
    'Give a folder that is yours to write, and resume.',
    error,
  )
}

/** @throws Error saying what is wrong with it: a file is missing, or is not what was written */
export async function readCheckpoint(folder: string): Promise<Checkpoint> {
  const read = async (name: string): Promise<Uint8Array> => {
    const { buffer, byteOffset, byteLength } = await readFile(join(folder, name))
    return new Uint8Array(buffer, byteOffset, byteLength)
  }
  const contents = Object.fromEntries(
    await Promise.all(files.map(async (name) => [name, await read(name)] as const)),
  ) as unknown as Contents
  const written = await readFile(join(folder, sums), 'utf8')
  for (const name of files)
    if (!written.includes(`${digest(contents[name])}  ${name}\n`)) throw new Error(`${name} is not what was written`)
  const header = JSON.parse(Buffer.from(contents['checkpoint.json']).toString('utf8')) as Header
  if (header.format !== 'lupine-checkpoint' || header.version !== 2) throw new Error('it is of another version')
  const { buffer, byteOffset, byteLength } = contents['velocities.f32']
  const floats = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength))
  const velocities = new Map<string, Float32Array>()
  let offset = 0
  for (const [name, count] of header.velocities) velocities.set(name, floats.slice(offset, (offset += count)))
  const network = readOnnx(contents['model.onnx'], join(folder, 'model.onnx'))
  const { recipe, epoch, records, before, regime } = header
  return { recipe, epoch, records, before, network, velocities, regime }
}
