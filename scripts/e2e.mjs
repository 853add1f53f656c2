/**
 * `npm run test:e2e`: builds when that is due, finds Chromium, and runs test/e2e. Arguments go to vitest.
 * CHROMIUM_PATH names the browser; LUPINE_E2E_OPTIONAL=1 makes its absence a skipped test instead of a failure.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildOrExit } from './launch/build.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const commands = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const places = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/**
 * The browser to test with: CHROMIUM_PATH (a path, or a command on the PATH), which is not replaced by another one when
 * it is wrong; else the first there is.
 */
export function findChromium(env, exists = existsSync) {
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean)
  const onPath = (command) => folders.map((folder) => join(folder, command)).find((path) => exists(path))
  const given = env.CHROMIUM_PATH
  if (given) return exists(given) ? given : onPath(given)
  return commands.map(onPath).find(Boolean) ?? places.find((path) => exists(path))
}

function main(args) {
  const chromium = findChromium(process.env)
  if (!chromium) {
    const optional = process.env.LUPINE_E2E_OPTIONAL === '1'
    process.stderr.write(
      `${process.env.CHROMIUM_PATH ? `CHROMIUM_PATH names ${process.env.CHROMIUM_PATH}, which is not there.` : 'There is no Chromium here.'}\n` +
        'Install it (Debian, Ubuntu: apt-get install chromium) or set CHROMIUM_PATH.\n' +
        (optional ? 'Skipped, as LUPINE_E2E_OPTIONAL=1 allows.\n' : ''),
    )
    return optional ? 0 : 1
  }
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const config = join(root, 'test/e2e/vitest.config.ts')
  const { status } = spawnSync(process.execPath, [vitest, 'run', '--config', config, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, CHROMIUM_PATH: chromium },
  })
  return status ?? 1
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  await buildOrExit(root)
  process.exit(main(process.argv.slice(2)))
}
