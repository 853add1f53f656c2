import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Network } from '../../core/graph/network'
import { readCheckpoint, writeCheckpoint, type Checkpoint } from './checkpoint'

/** The epoch whose weights scored best so far, and the weights. */
export interface Best {
  readonly epoch: number
  readonly top1: number
  readonly network: Network
}

/** What a folder of checkpoints holds of a training. */
export interface Found {
  /** To go on from. */
  readonly last: Checkpoint | undefined
  /** Of the epochs up to there. */
  readonly best: Best | undefined
  /** For people: what was damaged and passed over. */
  readonly notes: readonly string[]
}

const folderOf = (epoch: number): string => `epoch-${String(epoch).padStart(4, '0')}`

/** The checkpoints of one training: the last two and the best are kept. */
export class Checkpoints {
  /** Epochs of this training in the folder. */
  private own: number[] = []

  constructor(
    private readonly folder: string,
    /** See `recipeHash`: those of another training are not read, and go when the first of this one is written. */
    private readonly recipe: string,
  ) {}

  /** Folder of the newest one of this training, if there is any. */
  get newest(): string | undefined {
    const epoch = Math.max(...this.own)
    return this.own.length > 0 ? join(this.folder, folderOf(epoch)) : undefined
  }

  /** The newest whole checkpoint and the best; damaged ones are passed over. */
  async find(): Promise<Found> {
    const damaged: string[] = []
    const read = async (name: string): Promise<Checkpoint | undefined> => {
      try {
        const checkpoint = await readCheckpoint(join(this.folder, name))
        return checkpoint.recipe === this.recipe ? checkpoint : undefined
      } catch (error) {
        damaged.push(`The checkpoint ${join(this.folder, name)} is damaged (${(error as Error).message})`)
        return undefined
      }
    }
    const there = (await this.list()).filter((name) => /^epoch-\d+$/.test(name))
    let last: Checkpoint | undefined
    for (const name of there.sort().reverse()) if ((last = await read(name))) break
    if (!last) return { last, best: undefined, notes: damaged.map((what) => `${what}: training starts anew.`) }
    const notes = damaged.splice(0).map((what) => `${what}: training goes on from epoch ${last.epoch}.`)
    const best = await this.findBest(last, there, read)
    for (const what of damaged) notes.push(`${what}: of the epochs that are left, ${best.epoch} is the best.`)
    this.own = [...new Set([best.epoch, last.epoch])]
    return { last, best, notes }
  }

  /**
   * Writes a checkpoint; then removes all but the last two and the best.
   * @param best the best epoch so far
   * @throws LupineError work 'disk-full', 'checkpoint-not-written'; those before are still there
   */
  async save(checkpoint: Omit<Checkpoint, 'recipe'>, best: number): Promise<void> {
    const { epoch } = checkpoint
    await writeCheckpoint(join(this.folder, folderOf(epoch)), { ...checkpoint, recipe: this.recipe })
    const before = this.own.filter((own) => own < epoch).sort((a, b) => a - b)
    this.own = [...new Set([...before.filter((own) => own === best), ...before.slice(-1), epoch])]
    const kept = new Set(this.own.map(folderOf))
    for (const name of await this.list())
      if (/^epoch-/.test(name) && !kept.has(name)) await rm(join(this.folder, name), { recursive: true, force: true })
  }

  private list(): Promise<string[]> {
    return readdir(this.folder).catch(() => [])
  }

  /** The best epoch whose weights are still there. */
  private async findBest(
    last: Checkpoint,
    there: readonly string[],
    read: (name: string) => Promise<Checkpoint | undefined>,
  ): Promise<Best> {
    const ranked = [...last.records].sort((a, b) => b.top1 - a.top1 || a.epoch - b.epoch)
    for (const { epoch, top1 } of ranked) {
      if (epoch === last.epoch) break
      const network = there.includes(folderOf(epoch)) && (await read(folderOf(epoch)))?.network
      if (network) return { epoch, top1, network }
    }
    return { epoch: last.epoch, top1: last.records.at(-1)!.top1, network: last.network }
  }
}
