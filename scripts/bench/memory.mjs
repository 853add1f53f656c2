/** `npm run bench:memory`: see README.md here. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { median, stop } from './contest.mjs'
import { tree } from './tree.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const lupine = join(root, 'scripts', 'lupine.mjs')
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    data: { type: 'string', default: 'sample' },
    network: { type: 'string', default: 'resnet56' },
    epochs: { type: 'string', default: '6' },
    classes: { type: 'string', default: '10' },
  },
})

/** Resident bytes of a process without what it shares with others of the tree. */
function residentBytes(pid) {
  try {
    const [, resident, shared] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ').map(Number)
    return { own: (resident - shared) * 4096, shared: shared * 4096 }
  } catch {
    return { own: 0, shared: 0 }
  }
}

/** Private memory of all, and the largest shared part once (libraries). */
function bytesOf(pids) {
  const all = pids.map(residentBytes)
  return all.reduce((sum, { own }) => sum + own, 0) + Math.max(...all.map(({ shared }) => shared))
}

if (process.platform !== 'linux') stop('This benchmark reads /proc: Linux only.')
const folder = mkdtempSync(join(tmpdir(), 'lupine-bench-'))
try {
  const model = join(folder, 'network.onnx')
  const made = spawnSync(
    process.execPath,
    [lupine, 'new', values.network, '--classes', values.classes, '--input', '3x32x32', '--out', model],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  if (made.status !== 0) stop('The network could not be made.')
  const out = join(folder, 'trained.onnx')
  const child = spawn(
    process.execPath,
    [lupine, 'train', model, '--data', values.data, '--epochs', values.epochs, '--out', out],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const samples = []
  const timer = setInterval(() => samples.push(bytesOf(tree(child.pid))), 1000)
  const code = await new Promise((resolve) => child.on('exit', resolve))
  clearInterval(timer)
  if (code !== 0) stop(`The training ended with exit code ${code}.`)
  const part = (from, to) => median(samples.slice(Math.floor(samples.length * from), Math.floor(samples.length * to)))
  const result = {
    network: values.network,
    epochs: Number(values.epochs),
    seconds: samples.length,
    peak: Math.max(...samples),
    // The first part holds the loading and the first steps.
    early: part(0.25, 0.5),
    late: part(0.75, 1),
  }
  const mb = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`
  if (values.json) console.log(JSON.stringify(result))
  else console.log(`peak ${mb(result.peak)}; second quarter ${mb(result.early)}, last quarter ${mb(result.late)}`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
