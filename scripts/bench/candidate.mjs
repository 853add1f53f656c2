/** `npm run bench:candidate`: see README.md here. */
import { parseArgs } from 'node:util'
import { bundle } from '../bundle.mjs'
import { contest, contestant, median, pythonWithTorch, team, torchScript } from './contest.mjs'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '9' },
    threads: { type: 'string', default: '2' },
    'torch-batch': { type: 'string', default: '64' },
  },
})
const [rounds, threads] = [Number(values.rounds), Number(values.threads)]
const python = await pythonWithTorch()
const ours = await bundle('scripts/bench/candidate.ts')
const lupine = (count) => contestant(process.execPath, [ours, String(count)], count)
const torch = (layout, count = threads) =>
  contestant(python, [torchScript('candidate.py'), String(count), layout, values['torch-batch']], count)
/** One process with a thread each, as many as there are threads: what a search does where it is faster. */
const sideBySide = (member) => team(Array.from({ length: threads }, () => member(1)))
const { times, ratio, hellos, ...rest } = await contest(
  {
    lupine: sideBySide(lupine),
    'lupine, alone': lupine(threads),
    channelsLast: sideBySide((count) => torch('channels_last', count)),
    'channelsLast, alone': torch('channels_last'),
    'default, alone': torch('default'),
  },
  'lupine',
  { rounds, steps: 1, warmUp: 1 },
)
const seconds = Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list) / 1000]))
if (values.json)
  console.log(JSON.stringify({ threads, versions: { torch: hellos.channelsLast }, seconds, ratio, ...rest }))
else {
  for (const [name, time] of Object.entries(seconds))
    console.log(`${name.padEnd(20)} ${time.toFixed(2)} s per candidate`)
  const best = Math.min(...Object.entries(ratio).flatMap(([name, value]) => (name.startsWith('lupine') ? [] : value)))
  console.log(
    `One candidate: Lupine is ${best.toFixed(2)} × PyTorch at its best, ${(seconds['channelsLast, alone'] / seconds['lupine, alone']).toFixed(2)} × where each scores one at a time`,
  )
}
