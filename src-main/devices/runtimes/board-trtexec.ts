import { createRandom, permutation } from '../../core/statistics/random'
import type { BoardFiles, BoardSession } from '../agent/session'
import { toolRun, type Measured } from '../agent/protocol'
import { Trtexec, type TrtexecHost } from './trtexec'
import type { TrtPrecision } from './trtexec-flags'

/** Turns that every network has in a block: each is a program that is started, so few. */
const turns = 3
/** Seconds of a turn, at least. */
const seconds = 1

/** What a board's trtexec is does not change while it is connected. */
const abouts = new WeakMap<BoardSession, ReturnType<Trtexec['about']>>()

/** trtexec on a board; in paths `{folder}` is the agent's own. */
export function trtexecOn(
  session: BoardSession,
  files: BoardFiles,
  model: string,
  precision: TrtPrecision,
  signal?: AbortSignal,
) {
  const written = new Map<string, string>()
  const nameOf = (path: string): string => path.replace(/^.*\//, '')
  const host: TrtexecHost = {
    async run(options) {
      const reads = options.flatMap((option) => /^--export\w+=(.*)$/.exec(option)?.[1] ?? []).map(nameOf)
      const onboard = options.includes('--help') ? [] : [model]
      const own = new Map([...files].filter(([sha]) => onboard.includes(sha)))
      const params = { tool: 'trtexec', options, reads, models: onboard, shape: [], seed: 0 }
      const { code, said, files: back } = await session.work('tool', params, own, toolRun, signal)
      for (const [name, text] of Object.entries(back)) written.set(name, text)
      return { code, said }
    },
    read: (path) => Promise.resolve(written.get(nameOf(path)) ?? ''),
    has: async (path) => (await session.kept([nameOf(path)]))[0] === true,
  }
  const trtexec = new Trtexec(host, '{folder}', precision, abouts.get(session))
  abouts.set(session, trtexec.about())
  return trtexec
}

export interface TrtBlock {
  readonly models: readonly string[]
  readonly files: BoardFiles
  readonly precision: TrtPrecision
  /** Which engine of each network: a block is of one build, since tactics vary between them. */
  readonly build: number
  readonly rounds: number
  readonly seed: number
  readonly signal?: AbortSignal | undefined
  readonly onProgress: (done: number) => void
}

/** One block of a measurement: every network in turn, in an order shuffled anew. @throws LupineError */
export async function trtexecBlock(session: BoardSession, block: TrtBlock): Promise<Measured> {
  const { models, files, precision, build, rounds, seed, signal } = block
  const random = createRandom(seed)
  const samples: number[][] = models.map(() => [])
  const sentinel: number[] = []
  const before = await session.state()
  let version = 'unknown'
  for (let turn = 0; turn < turns; turn++) {
    const count = Math.ceil(((turn + 1) * rounds) / turns) - Math.ceil((turn * rounds) / turns)
    if (count === 0) continue
    for (const i of permutation(models.length, random)) {
      const trtexec = trtexecOn(session, files, models[i]!, precision, signal)
      const effort = { build, seconds, rounds: Math.max(10, count) }
      const measured = await trtexec.time('{model0}', models[i]!, effort)
      version = measured.version
      const { compute } = measured
      // Spread over the turn.
      for (let n = 0; n < count; n++) samples[i]!.push(compute[Math.floor((n * compute.length) / count)]!)
      if (i === 0) sentinel.push(...compute)
    }
    block.onProgress(Math.ceil(((turn + 1) * rounds) / turns))
  }
  return { version, samples, sentinel, finite: models.map(() => true), before, after: await session.state() }
}
