/**
 * `npm run reproduce:budgets`: a search on measured latency against a search on MACs and uniform plans (multiples of 8,
 * of 16), all with branch removal, the same evaluations and the same fine-tuning, at equal measured latency; a table in
 * Markdown on stdout. Started again, it goes on. See README.md here.
 */
import { givenOptions, runOnce, say, sharedArguments, withInterval } from './runs.mjs'

const values = givenOptions({
  latency: { type: 'string', default: '0.65' },
  epochs: { type: 'string', default: '15' },
  seeds: { type: 'string', default: '2' },
  out: { type: 'string', default: 'reproduced-budgets' },
})
const latency = Number(values.latency)
/** Searches on MACs until one has the latency asked for, to within this. */
const [near, most] = [0.01, 6]

const measured = ({ speedup }) => 1 / speedup.measured

/** The largest fraction of MACs whose search comes out at the latency asked for or below it: by bisection, untrained. */
async function equalMacs(seed) {
  let [low, high] = [latency / 2, Math.min(1, latency * 1.25)]
  let best = low
  for (let i = 0; i < most; i++) {
    const macs = Number(((low + high) / 2).toFixed(4))
    const args = [...sharedArguments(values, seed, 0), '--budget', `macs=${macs}`]
    const ratio = measured(await runOnce(values.out, `macs-${macs}-untrained-s${seed}`, args))
    say(`seed ${seed}: a search for ${macs} of the MACs has ${ratio.toFixed(3)} of the latency`)
    if (ratio > latency) high = macs
    else [low, best] = [macs, macs]
    if (ratio <= latency && latency - ratio < near) break
  }
  return best
}

const contestants = {
  'measured latency': async (seed) => [`latency-s${seed}`, ['--budget', `latency=${latency}`]],
  MACs: async (seed) => {
    const macs = await equalMacs(seed)
    return [`macs-${macs}-s${seed}`, ['--budget', `macs=${macs}`]]
  },
  'uniform, multiples of 8': async (seed) => uniform(seed, 8),
  'uniform, multiples of 16': async (seed) => uniform(seed, 16),
}
const uniform = (seed, round) => [
  `uniform-${round}-s${seed}`,
  ['--budget', `latency=${latency}`, '--method', 'uniform', '--set', `round=${round}`],
]

const columns = ['plans chosen by', 'top-1', 'latency left', 'MACs left', 'parameters left', 'minutes', 'seeds']
const lines = [`| ${columns.join(' | ')} |`, `|${'---|'.repeat(columns.length)}`]
for (const [name, prepare] of Object.entries(contestants)) {
  const results = []
  for (let seed = 0; seed < Number(values.seeds); seed++) {
    try {
      const [project, budget] = await prepare(seed)
      results.push(await runOnce(values.out, project, [...sharedArguments(values, seed, values.epochs), ...budget]))
    } catch (error) {
      say(`${name}, seed ${seed}: ${error.message}`)
    }
  }
  if (results.length === 0) continue
  const of = (read, digits = 3) => withInterval(results.map(read), digits)
  const cells = [
    ...[name, of(({ after }) => after.top1, 4), of(measured)],
    of(({ before, after }) => after.macs / before.macs),
    of(({ before, after }) => after.params / before.params),
    ...[of(({ minutes }) => minutes, 1), results.length],
  ]
  lines.push(`| ${cells.join(' | ')} |`)
}
console.log(lines.join('\n'))
