/**
 * `npm run bench:inspect [-- --rounds 7]`: `lupine inspect --json` of generated models in fresh processes, the launcher
 * included: medians of wall time (ms) and of peak memory (as a multiple of the file too), as JSON on stdout.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { bundle } from '../bundle.mjs'
import { buildOrExit } from '../launch/build.mjs'
import { median } from './contest.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const root = dirname(dirname(here))
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } })
await buildOrExit(root)
const maker = await bundle('scripts/bench/inspect-models.ts')
const folder = mkdtempSync(join(tmpdir(), 'lupine-inspect-'))
try {
  const models = JSON.parse(run([maker, folder]).stdout)
  const watcher = join(folder, 'watch.mjs')
  const peak = join(folder, 'peak')
  writeFileSync(
    watcher,
    `import { writeFileSync } from 'node:fs'
process.on('exit', () => writeFileSync(${JSON.stringify(peak)}, String(process.resourceUsage().maxRSS)))`,
  )
  const results = {}
  for (const [name, path] of Object.entries(models)) {
    const [times, peaks] = [[], []]
    // The first run warms the compile cache and the file cache.
    for (let i = 0; i <= Number(values.rounds); i++) {
      const start = performance.now()
      run(['--import', pathToFileURL(watcher).href, join(root, 'scripts/lupine.mjs'), 'inspect', path, '--json'])
      if (i === 0) continue
      times.push(performance.now() - start)
      peaks.push(Number(readFileSync(peak, 'utf8')) * 1024)
    }
    const bytes = statSync(path).size
    const [ms, memory] = [median(times), median(peaks)]
    results[name] = { bytes, ms: Math.round(ms), peakBytes: memory, timesTheFile: Number((memory / bytes).toFixed(2)) }
  }
  console.log(JSON.stringify(results, undefined, 1))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function run(args) {
  const result = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (result.status === 0) return result
  console.error(result.stderr || result.stdout)
  process.exit(1)
}
