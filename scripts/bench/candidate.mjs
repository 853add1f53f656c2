/** `npm run bench:candidate`: see README.md here. */
import { parseArgs } from 'node:util'
import { bundle, contest, contestant, median, pythonWithTorch, torchScript } from './contest.mjs'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '9' },
    threads: { type: 'string', default: '2' },
  },
})
const [rounds, threads] = [Number(values.rounds), Number(values.threads)]
const python = await pythonWithTorch()
const ours = await bundle('candidate.ts')
const torch = (layout) => contestant(python, [torchScript('candidate.py'), String(threads), layout], threads)
const { times, ratio, hellos, ...rest } = await contest(
  {
    lupine: contestant(process.execPath, [ours, String(threads)], threads),
    channelsLast: torch('channels_last'),
    default: torch('default'),
  },
  'lupine',
  { rounds, steps: 1, warmUp: 1 },
)
const seconds = Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list) / 1000]))
if (values.json)
  console.log(JSON.stringify({ threads, versions: { torch: hellos.channelsLast }, seconds, ratio, ...rest }))
else {
  for (const [name, time] of Object.entries(seconds))
    console.log(`${name.padEnd(14)} ${time.toFixed(2)} s per candidate`)
  console.log(
    `One candidate: Lupine is ${ratio.channelsLast.toFixed(2)} × PyTorch channels_last, ${ratio.default.toFixed(2)} × its default layout`,
  )
}
