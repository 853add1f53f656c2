import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fail } from '../../core/failure'
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
}

interface Header {
  readonly format: 'lupine-checkpoint'
  readonly version: 1
  readonly recipe: string
  readonly epoch: number
  readonly records: readonly EpochRecord[]
  readonly before: number
  /** Velocities in the order they follow each other in velocities.f32: name, number of floats. */
  readonly velocities: readonly (readonly [string, number])[]
}

const KEPT = 2
const folderOf = (epoch: number): string => `epoch-${String(epoch).padStart(4, '0')}`

/** A digest of everything that decides what a training computes. */
export function recipeHash(...parts: readonly (Uint8Array | string)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${part.length}:`).update(part)
  return hash.digest('hex')
}

/**
 * Writes a checkpoint as a folder of its own, in one rename, and removes all but the last two.
 * @throws LupineError work 'checkpoint-not-written'
 */
export async function saveCheckpoint(folder: string, checkpoint: Checkpoint): Promise<void> {
  const { network, velocities, ...rest } = checkpoint
  const final = join(folder, folderOf(checkpoint.epoch))
  const part = `${final}.part`
  const header: Header = {
    format: 'lupine-checkpoint',
    version: 1,
    ...rest,
    velocities: [...velocities].map(([name, values]) => [name, values.length] as const),
  }
  try {
    await rm(part, { recursive: true, force: true })
    await mkdir(part, { recursive: true })
    await writeFile(join(part, 'model.onnx'), writeOnnx(network))
    const bytes = [...velocities.values()].map((v) => new Uint8Array(v.buffer, v.byteOffset, v.byteLength))
    await writeFile(join(part, 'velocities.f32'), Buffer.concat(bytes))
    await writeFile(join(part, 'checkpoint.json'), JSON.stringify(header))
    await rm(final, { recursive: true, force: true })
    await rename(part, final)
    for (const old of (await epochsIn(folder)).slice(KEPT))
      await rm(join(folder, old), { recursive: true, force: true })
  } catch (error) {
    throw fail(
      'work',
      'checkpoint-not-written',
      `The checkpoint of epoch ${checkpoint.epoch} could not be written to ${folder}: ${(error as Error).message}.`,
      'Free some space, or give a folder that is yours to write, and resume.',
      error,
    )
  }
}

/** The last whole checkpoint of this recipe; undefined when there is none. A damaged one is passed over. */
export async function loadCheckpoint(folder: string, recipe: string): Promise<Checkpoint | undefined> {
  for (const name of await epochsIn(folder)) {
    const checkpoint = await readCheckpoint(join(folder, name)).catch(() => undefined)
    if (checkpoint?.recipe === recipe) return checkpoint
  }
  return undefined
}

/** Newest first. */
async function epochsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((name) => /^epoch-\d+$/.test(name))
    .sort()
    .reverse()
}

async function readCheckpoint(folder: string): Promise<Checkpoint | undefined> {
  const header = JSON.parse(await readFile(join(folder, 'checkpoint.json'), 'utf8')) as Header
  if (header.format !== 'lupine-checkpoint' || header.version !== 1) return undefined
  const bytes = await readFile(join(folder, 'velocities.f32'))
  const floats = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  const velocities = new Map<string, Float32Array>()
  let offset = 0
  for (const [name, count] of header.velocities) {
    velocities.set(name, floats.slice(offset, offset + count))
    offset += count
  }
  if (offset !== floats.length) return undefined
  const model = join(folder, 'model.onnx')
  const network = readOnnx(new Uint8Array(await readFile(model)), model)
  const { recipe, epoch, records, before } = header
  return { recipe, epoch, records, before, network, velocities }
}
