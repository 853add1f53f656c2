import { spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { cpus, homedir, loadavg } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { runChild } from '../setup/child.mjs'
import { withForeignLoad } from './quiet.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const say = (line) => process.stderr.write(`${line}\n`)

/** Rounds in which something else took more than this share of the machine are shown but do not count. */
const FOREIGN = 0.1

export const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1]

export function stop(message) {
  say(message)
  process.exit(1)
}

/** A Python that has PyTorch: a virtual environment in the cache, made on first use. */
export async function pythonWithTorch() {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'lupine', 'bench', 'torch')
  const python = join(folder, 'bin', 'python')
  const hasTorch = async () =>
    existsSync(python) && (await runChild(python, ['-c', 'import torch'], { limit: 120_000 })).ok
  if (await hasTorch()) return python
  say(`Installing PyTorch with pip into ${folder} (200 MB to 3 GB to download, depending on the build pip offers)`)
  mkdirSync(dirname(folder), { recursive: true })
  const made = await runChild('python3', ['-m', 'venv', folder], { limit: 120_000 })
  if (!made.ok) stop(`A virtual environment cannot be made: ${made.why}`)
  const installed = await runChild(python, ['-m', 'pip', 'install', 'torch', 'numpy'], { limit: 1_800_000 })
  if (!installed.ok || !(await hasTorch())) stop(`PyTorch cannot be installed: ${installed.why}`)
  return python
}

/** A process that first says something, then answers each number of steps with a JSON list of milliseconds. */
export function contestant(command, args, threads) {
  const env = {
    ...process.env,
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_CPP_MIN_LOG_LEVEL: '2',
    OMP_NUM_THREADS: String(threads),
  }
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'], env })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await lines.next()
    if (done) stop(`${command} ${args[0]} ended early.`)
    return JSON.parse(value)
  }
  return {
    pids: [child.pid],
    hello: next(),
    run: (count) => {
      child.stdin.write(`${count}\n`)
      return next()
    },
    end: () => child.stdin.end(),
  }
}

/** Several contestants that work side by side, each on its share: the time is that of all, per piece of work done. */
export function team(members) {
  return {
    pids: members.flatMap(({ pids }) => pids),
    hello: Promise.all(members.map(({ hello }) => hello)).then(([first]) => first),
    run: async (count) => {
      const start = performance.now()
      await Promise.all(members.map((member) => member.run(count)))
      return [(performance.now() - start) / (count * members.length)]
    },
    end: () => members.forEach((member) => member.end()),
  }
}

export const torchScript = (name) => join(here, 'torch', name)

/**
 * Lets contestants take turns, a few steps each, so that a busy machine slows all; `ours` is compared to each other one.
 * @returns times per contestant (ms per step); `between(peer, one)`, the median over rounds of peer/one; `ratio`, that
 *   of every peer and ours
 */
export async function contest(contestants, ours, { rounds, steps, warmUp }) {
  const names = Object.keys(contestants)
  const hellos = {}
  for (const name of names) hellos[name] = await contestants[name].hello
  say(`Warming up; load ${loadavg()[0].toFixed(1)} on ${cpus().length} CPUs`)
  for (const name of names) await contestants[name].run(warmUp)
  const pids = names.flatMap((name) => contestants[name].pids)
  const all = []
  const quiet = () => all.filter((round) => round.foreign <= FOREIGN)
  while (quiet().length < rounds && all.length < 5 * rounds) {
    const round = { foreign: 0, times: {} }
    // A different one begins each round, so that none always follows the same.
    for (const name of names.map((_, i) => names[(i + all.length) % names.length])) {
      const { value, foreign } = await withForeignLoad(pids, () => contestants[name].run(steps))
      round.times[name] = value
      round.foreign = Math.max(round.foreign, foreign)
    }
    all.push(round)
    const shown = names.map((name) => `${name} ${median(round.times[name]).toFixed(0)} ms`).join(', ')
    const note = round.foreign > FOREIGN ? ` (not counted: others took ${(100 * round.foreign).toFixed(0)} %)` : ''
    say(`round ${all.length}: ${shown}${note}`)
  }
  const counted = quiet().length >= 3 ? quiet() : all
  if (counted === all && quiet().length < all.length) say('The machine was never quiet: take these figures with care.')
  for (const name of names) contestants[name].end()
  const between = (peer, one) => median(counted.map(({ times }) => median(times[peer]) / median(times[one])))
  return {
    cpu: cpus()[0]?.model ?? '',
    hellos,
    rounds: { counted: counted.length, quiet: quiet().length, all: all.length },
    times: Object.fromEntries(names.map((name) => [name, counted.flatMap((round) => round.times[name])])),
    between,
    ratio: Object.fromEntries(names.filter((name) => name !== ours).map((name) => [name, between(name, ours)])),
  }
}
