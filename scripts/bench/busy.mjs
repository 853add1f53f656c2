/** `npm run bench:busy`: see README.md here. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { stop } from './contest.mjs'
import { used } from './quiet.mjs'
import { tree } from './tree.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    model: { type: 'string', default: join(root, 'resources/sample/resnet20-sample.onnx') },
    data: { type: 'string', default: 'sample' },
    device: { type: 'string', default: 'local?threads=1' },
    latency: { type: 'string', default: '0.7' },
    evaluations: { type: 'string', default: '60' },
    epochs: { type: 'string', default: '2' },
  },
})
if (process.platform !== 'linux') stop('This benchmark reads /proc: Linux only.')

/** Whoever measures holds it; see src-main/devices/measuring/machine-lock. */
const lock = join(tmpdir(), `lupine-${userInfo().uid}`, 'measuring.lock')
const folder = mkdtempSync(join(tmpdir(), 'lupine-bench-'))
/** Per stage: seconds that nobody measured, CPU seconds used in them, and seconds that somebody did. */
const stages = new Map()
try {
  const run = [values.model, '--data', values.data, '--device', values.device, '--budget', `latency=${values.latency}`]
  const effort = ['--evaluations', values.evaluations, '--epochs', values.epochs, '--out', join(folder, 'run')]
  const child = spawn(process.execPath, [join(root, 'scripts/lupine.mjs'), 'run', ...run, ...effort], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stage = 'start'
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', (text) => {
    stage = [...text.matchAll(/^\[\d+\/\d+\] (.*)$/gm)].at(-1)?.[1] ?? stage
    process.stderr.write(text)
  })
  const last = new Map()
  let [then, measuring] = [performance.now(), false]
  const look = () => {
    const now = performance.now()
    let cpu = 0
    for (const pid of tree(child.pid)) {
      const ms = used(pid)
      cpu += Math.max(0, ms - (last.get(pid) ?? 0))
      last.set(pid, ms)
    }
    const about = stages.get(stage) ?? { free: 0, cpu: 0, measuring: 0 }
    // What lies between two looks of which one saw a measurement is left out.
    const seen = existsSync(lock)
    if (seen && measuring) about.measuring += (now - then) / 1000
    if (!seen && !measuring) [about.free, about.cpu] = [about.free + (now - then) / 1000, about.cpu + cpu / 1000]
    stages.set(stage, about)
    ;[then, measuring] = [now, seen]
  }
  const timer = setInterval(look, 200)
  const code = await new Promise((resolve) => child.on('exit', resolve))
  clearInterval(timer)
  if (code !== 0) stop(`The run ended with exit code ${code}.`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

const cores = availableParallelism()
const sum = (key) => [...stages.values()].reduce((all, about) => all + about[key], 0)
const share = (cpu, free) => (free > 0 ? Math.min(1, cpu / (free * cores)) : null)
const rows = [...stages].map(([name, { free, cpu, measuring }]) => ({ name, free, measuring, busy: share(cpu, free) }))
const result = {
  cores,
  busy: share(sum('cpu'), sum('free')),
  free: sum('free'),
  measuring: sum('measuring'),
  stages: rows,
}
const percent = (value) => (value === null ? '–' : `${(100 * value).toFixed(1)} %`)
if (values.json) console.log(JSON.stringify(result))
else {
  for (const { name, free, measuring, busy } of rows)
    console.log(`${name}: ${free.toFixed(1)} s, ${percent(busy)} busy; ${measuring.toFixed(1)} s measuring`)
  console.log(`outside of measuring: ${percent(result.busy)} of ${cores} cores in ${result.free.toFixed(0)} s`)
}
