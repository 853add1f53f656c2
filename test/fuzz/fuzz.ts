/** `npm run fuzz -- --count N --seed S`: imports N damaged files; exit code 1 when one is handled wrongly. */
import { parseArgs } from 'node:util'
import { seeds } from './seeds'
import { trial } from './trial'

const { values } = parseArgs({ options: { count: { type: 'string' }, seed: { type: 'string' } } })
const count = Number(values.count ?? 20_000)
const first = Number(values.seed ?? 1) * 1_000_000
const models = seeds(true)
const outcomes = new Map<string, number>()
let [wrong, slowest, largest] = [0, 0, 0]
for (let i = 0; i < count; i++) {
  const model = models[i % models.length]!
  const verdict = trial(model, first + i)
  outcomes.set(verdict.outcome, (outcomes.get(verdict.outcome) ?? 0) + 1)
  slowest = Math.max(slowest, verdict.milliseconds)
  if (i % 64 === 0) largest = Math.max(largest, process.memoryUsage.rss())
  if (!verdict.wrong) continue
  wrong++
  if (wrong <= 20) console.error(`${model.name}, number ${first + i} (${verdict.kind}): ${verdict.wrong}`)
}
const peak = Math.max(largest, process.resourceUsage().maxRSS * 1024)
console.log(
  JSON.stringify({
    files: count,
    models: models.length,
    wrong,
    slowestMs: Math.round(slowest),
    peakMB: Math.round(peak / 1e6),
    outcomes: Object.fromEntries([...outcomes].sort((a, b) => b[1] - a[1])),
  }),
)
if (wrong > 0 || peak > 1e9) process.exitCode = 1
