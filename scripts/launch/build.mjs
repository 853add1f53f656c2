/**
 * out/ from the sources, when they have changed. `npm run build` runs this file; the launcher and the tests call it.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { runChild } from '../setup/child.mjs'
import { withLock } from '../setup/lock.mjs'

const folders = ['src-main', 'src-renderer']
const files = ['package.json', 'package-lock.json', 'electron.vite.config.ts', 'tsconfig.json', 'tsconfig.web.json']
const stampOf = (root) => join(root, 'out/.stamp')

/** Hash over the paths and contents of everything that goes into out/. Contents, because a checkout resets times. */
export function hashSources(root) {
  const hash = createHash('sha256')
  const add = (path) =>
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0')
  for (const name of files) if (existsSync(join(root, name))) add(name)
  const walk = (folder) => {
    const entries = readdirSync(join(root, folder), { withFileTypes: true })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) walk(path)
      else if (!entry.name.endsWith('.md')) add(path)
    }
  }
  for (const folder of folders) if (existsSync(join(root, folder))) walk(folder)
  return hash.digest('hex')
}

/** The hash that out/ was built from; undefined where there is no finished build. */
export function builtFrom(root) {
  try {
    return existsSync(join(root, 'out/main/cli.js')) ? readFileSync(stampOf(root), 'utf8') : undefined
  } catch {
    return undefined
  }
}

/** Names of package.json's dependencies that node_modules lacks. A packaged program (no sources) is not asked. */
export function missingPackages(root) {
  if (!existsSync(join(root, 'src-main'))) return []
  const { dependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return Object.keys(dependencies).filter((name) => !existsSync(join(root, 'node_modules', name)))
}

/**
 * Builds when out/ is missing or older than the sources; one process at a time, the others wait and find it done.
 * @param {string} root
 * @param {(line: string) => void} say one line per step; silent when there is nothing to do
 * @param {{ build?: (root: string) => Promise<{ ok: boolean, output: string }> }} [options] for tests
 * @returns {Promise<{ ok: true } | { ok: false, code: string, message: string, hint: string }>}
 */
export async function ensureBuilt(root, say, { build = buildWithVite } = {}) {
  if (!existsSync(join(root, 'src-main')) || builtFrom(root) === hashSources(root)) return { ok: true }
  const rebuilt = async () => {
    const hash = hashSources(root)
    const before = builtFrom(root)
    if (before === hash) return { ok: true }
    say(before ? 'The sources have changed: building (about 10 s) …' : 'Building (first use, about 10 s) …')
    // A half-written out/ must not pass for a finished one.
    rmSync(stampOf(root), { force: true })
    const { ok, output } = await build(root)
    if (!ok) {
      say(output.trimEnd())
      return {
        ok: false,
        code: 'build-failed',
        message: 'Lupine could not be built; what the build printed is above.',
        hint: 'In a changed checkout: mend the error. In an unchanged one: run "npm ci" and try again.',
      }
    }
    mkdirSync(join(root, 'out'), { recursive: true })
    writeFileSync(`${stampOf(root)}.new`, hash)
    renameSync(`${stampOf(root)}.new`, stampOf(root))
    return { ok: true }
  }
  const lock = join(root, '.cache/build.lock')
  const result = await withLock(lock, rebuilt, {
    wait: 300_000,
    stale: 600_000,
    onWait: (pid) => say(`Waiting for the build of process ${pid} …`),
  }).catch((error) => ({
    ok: false,
    code: 'build-failed',
    message: `Lupine could not be built: ${error.message}.`,
    hint: `The folder ${root} must be writable for the first use.`,
  }))
  return (
    result ?? {
      ok: false,
      code: 'build-failed',
      message: 'Another build of Lupine does not end.',
      hint: `If none is running, remove ${lock}.`,
    }
  )
}

async function buildWithVite(root) {
  const tool = join(root, 'node_modules/electron-vite/bin/electron-vite.js')
  if (!existsSync(tool))
    return { ok: false, output: 'electron-vite is not installed: run "npm install" (not --omit=dev).' }
  const env = { ...process.env, NODE_ENV: 'production' }
  const run = await runChild(process.execPath, [tool, 'build'], { cwd: root, env, limit: 300_000 })
  return { ok: run.ok, output: `${run.stdout}${run.stderr}${run.ok ? '' : run.why}` }
}

/** As `ensureBuilt`, for scripts: what is wrong goes to stderr, and the process ends. */
export async function buildOrExit(root) {
  const say = (line) => process.stderr.write(`${line}\n`)
  const built = await ensureBuilt(root, say)
  if (built.ok) return
  say(`${built.message}\n${built.hint}`)
  process.exit(1)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
  if (process.argv.includes('--force')) rmSync(stampOf(root), { force: true })
  await buildOrExit(root)
}
