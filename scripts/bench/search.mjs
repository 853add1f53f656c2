/** `npm run bench:search`: see README.md here. */
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from '../bundle.mjs'
import { buildOrExit } from '../launch/build.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
await buildOrExit(root)
const program = await bundle('scripts/bench/search.ts')
const env = { ...process.env, LUPINE_ENGINE_ENTRY: join(root, 'out/main/engine.js') }
process.exitCode =
  spawnSync(process.execPath, [program, ...process.argv.slice(2)], { stdio: 'inherit', env }).status ?? 1
