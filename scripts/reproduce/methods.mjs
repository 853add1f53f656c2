/**
 * `npm run reproduce:methods`: one network pruned by every method to the same MACs, with one and the same fine-tuning;
 * a table in Markdown on stdout, and the curves of all trainings in `curves.csv`. Started again, it goes on. See README.md
 * here.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { callLupine, givenOptions, runOnce, say, sharedArguments, withInterval } from './runs.mjs'

const values = givenOptions({
  macs: { type: 'string', default: '0.5' },
  epochs: { type: 'string', default: '12' },
  'method-epochs': { type: 'string', default: '12' },
  methods: { type: 'string' },
  distillation: { type: 'string', default: '0.7,0' },
  seeds: { type: 'string', default: '3' },
  minutes: { type: 'string', default: '100000' },
  out: { type: 'string', default: 'reproduced-methods' },
})

/** Top-1 on CIFAR-10 of ResNet-20 and ResNet-56 at about half the MACs, as the papers state it. */
const published = { fpgm: 'ResNet-56 0.9349', sfp: 'ResNet-56 0.9335', abc: 'ResNet-56 0.9323' }
/** Those whose reach follows from an option and not from a target. */
const untargeted = new Set(['ista'])

const all = (await callLupine(['methods'])).methods.map(({ name }) => name)
const methods = values.methods?.split(',') ?? all
const end = Date.now() + Number(values.minutes) * 60_000
const rows = new Map()
for (let seed = 0; seed < Number(values.seeds); seed++) {
  for (const distillation of values.distillation.split(',')) {
    for (const method of methods) {
      if (Date.now() > end) continue
      const name = `${method}-d${distillation}-s${seed}`
      const args = [
        ...sharedArguments(values, seed, values.epochs),
        ...['--method', method],
        ...(untargeted.has(method) ? [] : ['--budget', `macs=${values.macs}`]),
        ...['--method-epochs', values['method-epochs'], '--distillation', distillation],
      ]
      try {
        const key = `${method} ${distillation}`
        rows.set(key, [...(rows.get(key) ?? []), { ...(await runOnce(values.out, name, args)), seed }])
      } catch (error) {
        say(`${name}: ${error.message}`)
      }
    }
  }
}

const columns = ['method', 'distillation', 'top-1', 'MACs left', 'parameters left', 'latency left', 'minutes', 'seeds']
console.log(`| ${[...columns, 'published'].join(' | ')} |\n|${'---|'.repeat(columns.length + 1)}`)
for (const [key, results] of rows) {
  const [method, distillation] = key.split(' ')
  const of = (read, digits = 3) => withInterval(results.map(read), digits)
  const cells = [
    ...[method, distillation, of(({ after }) => after.top1, 4)],
    of(({ before, after }) => after.macs / before.macs),
    of(({ before, after }) => after.params / before.params),
    of(({ speedup }) => 1 / speedup.measured),
    of(({ minutes }) => minutes, 1),
    ...[results.length, published[method] ?? ''],
  ]
  console.log(`| ${cells.join(' | ')} |`)
}

const lines = [...rows].flatMap(([key, results]) =>
  results.flatMap(({ seed, curves }) =>
    curves.map(({ stage, epoch, loss, top1, lr, rate }) =>
      [...key.split(' '), seed, stage, epoch, loss, top1, lr, rate ?? ''].join(','),
    ),
  ),
)
const heads = 'method,distillation,seed,stage,epoch,loss,top1,learning rate,pruned rate'
writeFileSync(join(values.out, 'curves.csv'), `${[heads, ...lines].join('\n')}\n`)
