/** `npm test`: builds when that is due (the tests of the command line run the built one), then runs all of them. */
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildOrExit } from './launch/build.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
await buildOrExit(root)
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const { status } = spawnSync(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
process.exit(status ?? 1)
