/** `npm run bench:board`: see README.md here. */
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { bundle } from '../bundle.mjs'
import { withForeignLoad } from './quiet.mjs'

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, points: { type: 'string', default: '6' } },
})
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const script = join(root, '../shared/board/board.sh')
if (!existsSync(script) || spawnSync('qemu-system-aarch64', ['-h']).error) {
  console.error('There is no emulated board here: ../shared/board and qemu-system-aarch64 are needed.')
  process.exit(1)
}
const run = promisify(execFile)
const name = 'lupine-bench'
const folder = mkdtempSync(join(tmpdir(), 'lupine-bench-board-'))
try {
  await run(script, ['up', name])
  const { stdout } = await run(script, ['facts', name])
  const facts = Object.fromEntries(stdout.split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2)))
  const starts = []
  for (let i = 0; i < 5; i++) {
    const start = performance.now()
    await run(script, ['ssh', name, 'true'])
    starts.push((performance.now() - start) / 1000)
  }
  const program = await bundle('scripts/bench/board.ts')
  const agent = join(root, 'resources/agent/lupine_agent.py')
  const { value, foreign } = await withForeignLoad([Number(facts.pid)], () =>
    run(process.execPath, [program, JSON.stringify({ ...facts, agent, folder, points: Number(values.points) })], {
      maxBuffer: 1 << 24,
    }),
  )
  const found = JSON.parse(value.stdout.trim().split('\n').at(-1))
  const sshTrue = starts.sort((a, b) => a - b)[2]
  const result = { sshTrue, ...found, foreign }
  if (values.json) console.log(JSON.stringify(result))
  else {
    for (const [line, { connect, share, loading, wall }] of Object.entries(found.lines))
      console.log(
        `${line.padEnd(7)} first latency after ${connect.toFixed(1)} s (ssh board true: ${sshTrue.toFixed(1)} s); measuring ${(share * 100).toFixed(0)} % of ${wall.toFixed(0)} s, loading ${(loading * 100).toFixed(0)} %`,
      )
    console.log(
      `medians over serial are ${found.agreement.toFixed(3)} of those over ssh (the same over ssh twice: ${found.noise.toFixed(3)}); ${(found.memory / 1e6).toFixed(0)} MB here`,
    )
    console.log(`others took ${(foreign * 100).toFixed(0)} % of this computer meanwhile`)
  }
} finally {
  await run(script, ['down', name])
  rmSync(folder, { recursive: true, force: true })
}
