/**
 * TensorFlow for the default engine. `tensorflowState()` looks (a few ms); `setUpTensorflow()` fetches, compiles,
 * links and checks, once: a second call finds it done, and after `npm ci` it only links again. Neither throws for
 * what can be expected to go wrong: without TensorFlow the program trains with its wasm engine.
 *
 * @typedef {{ ok: true, addon: string, version: string, device: string, source: 'pip' | 'package' }} Ready
 * @typedef {{ ok: false, reason: string, hint: string }} NotReady
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  addonPath,
  compileAddon,
  isLinked,
  librariesPath,
  linkIntoPackage,
  packageFolder,
  probeAddon,
} from './addon.mjs'
import { runChild } from './child.mjs'
import { withLock } from './lock.mjs'
import { fetchLibraries, missingTools } from './wheel.mjs'

const AGAIN = 'then run: node scripts/setup/tensorflow.mjs'
const HINTS = {
  tools: `Install g++ and python3 with pip (Debian, Ubuntu: apt install g++ python3-pip), ${AGAIN}`,
  download: `Check that "python3 -m pip download --no-deps tensorflow-cpu" works (network, mirror, disk space), ${AGAIN}`,
  other: 'Run again with: node scripts/setup/tensorflow.mjs --force. Until then the wasm engine is used.',
}

/** Where set-up TensorFlows lie, a folder per version, and `current`, a link to the one in use. */
export const tensorflowCache = () =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'lupine', 'tensorflow')

const readyFile = (folder) => join(folder, 'ready.json')

/** What a folder's set-up left behind when it was checked; undefined when it never got that far. */
function readReady(folder) {
  try {
    return JSON.parse(readFileSync(readyFile(folder), 'utf8'))
  } catch {
    return undefined
  }
}

/** The newest complete TensorFlow in the cache. */
function cached() {
  const cache = tensorflowCache()
  if (!existsSync(cache)) return undefined
  const folders = readdirSync(cache)
    .filter((name) => /^\d/.test(name))
    .map((name) => join(cache, name))
  const complete = folders.filter(
    (folder) =>
      readReady(folder) && existsSync(addonPath(folder)) && existsSync(join(librariesPath(folder), 'libtensorflow.so')),
  )
  return complete.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1)
}

/** Whether TensorFlow can be used now. Reads the disk only. @returns {Ready | NotReady} */
export function tensorflowState() {
  const folder = cached()
  const into = packageFolder()
  if (folder && into && isLinked(folder, into)) return { ok: true, addon: addonPath(into), ...readReady(folder) }
  if (folder) return { ok: true, addon: addonPath(folder), ...readReady(folder) }
  const own = into && existsSync(addonPath(into)) ? readReady(join(into, 'lib')) : undefined
  if (own) return { ok: true, addon: addonPath(into), ...own }
  return { ok: false, reason: 'TensorFlow is not set up.', hint: 'Run: node scripts/setup/tensorflow.mjs' }
}

/**
 * @param {{ say?: (line: string) => void, force?: boolean }} [options] `say`: one line per step (default: stderr);
 *   `force`: fetch and compile again even when it is there
 * @returns {Promise<Ready | NotReady>}
 */
export async function setUpTensorflow({ say = (line) => process.stderr.write(`${line}\n`), force = false } = {}) {
  const into = packageFolder()
  if (!into)
    return {
      ok: false,
      reason: 'The npm package @tensorflow/tfjs-node-gpu is not installed.',
      hint: 'Run: npm install',
    }
  const cache = tensorflowCache()
  try {
    const state = await withLock(join(cache, 'lock'), () => setUp(into, say, force), {
      wait: 1_800_000,
      stale: 3_600_000,
      onWait: (pid) => say(`Waiting for the TensorFlow set-up of process ${pid}`),
    })
    return (
      state ?? {
        ok: false,
        reason: 'Another set-up of TensorFlow does not end.',
        hint: `Remove ${join(cache, 'lock')}`,
      }
    )
  } catch (error) {
    return { ok: false, reason: `TensorFlow cannot be set up: ${error.message}`, hint: HINTS.other }
  }
}

async function setUp(into, say, force) {
  let folder = force ? undefined : cached()
  const before = tensorflowState()
  if (!force && !folder && before.ok) return before
  let failed = { why: '', hint: HINTS.other }
  if (!folder && process.platform === 'linux' && process.arch === 'x64') {
    const built = await buildFromPip(into, say)
    if (built.ok) folder = built.folder
    else failed = built
  }
  if (!folder) {
    const own = await usePackageScript(into, say)
    const reason = `TensorFlow cannot be set up${failed.why && `: ${failed.why}`}.`
    return own ?? { ok: false, reason, hint: failed.hint }
  }
  if (!isLinked(folder, into)) linkIntoPackage(folder, into)
  pointAt(folder)
  return tensorflowState()
}

async function buildFromPip(into, say) {
  const missing = await missingTools()
  if (missing) return { ok: false, why: `${missing} missing`, hint: HINTS.tools }
  const libraries = await fetchLibraries(tensorflowCache(), say)
  if (!libraries.ok) return { ...libraries, hint: HINTS.download }
  say('Compiling the addon (about 20 s)')
  const compiled = await compileAddon(libraries.folder, into)
  if (!compiled.ok) return { ok: false, why: `g++ cannot compile the addon: ${compiled.why}`, hint: HINTS.other }
  say('Checking a convolution')
  const probed = await probeAddon(addonPath(libraries.folder))
  if (!probed.ok) return { ok: false, why: probed.why, hint: HINTS.other }
  const ready = { version: probed.version, device: probed.device, source: 'pip' }
  writeFileSync(readyFile(libraries.folder), JSON.stringify(ready))
  say(`TensorFlow ${probed.version} is ready (${probed.device})`)
  return { ok: true, folder: libraries.folder }
}

/** The package's own download; it has no time limit of its own, so it ends when nothing has arrived for half a minute. */
async function usePackageScript(into, say) {
  say('Trying the download of @tensorflow/tfjs-node-gpu itself (TensorFlow 2.9.1, 100–400 MB)')
  rmSync(join(into, 'deps'), { recursive: true, force: true })
  const run = await runChild(process.execPath, ['scripts/install.js', 'cpu', 'download'], {
    limit: 1_200_000,
    cwd: into,
    watch: () => treeBytes(into, ['deps', 'lib', 'build']),
    stall: 30_000,
  })
  const addon = addonPath(into)
  if (!run.ok || !existsSync(addon)) return undefined
  const probed = await probeAddon(addon)
  if (!probed.ok) return undefined
  writeFileSync(
    readyFile(join(into, 'lib')),
    JSON.stringify({ version: probed.version, device: probed.device, source: 'package' }),
  )
  say(`TensorFlow ${probed.version} is ready (${probed.device})`)
  return tensorflowState()
}

function treeBytes(root, names) {
  let bytes = 0
  for (const name of names) {
    if (!existsSync(join(root, name))) continue
    for (const entry of readdirSync(join(root, name), { withFileTypes: true, recursive: true }))
      if (entry.isFile())
        bytes += 1 + (statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0)
  }
  return bytes
}

/** `current` → folder, replaced in one step: what the engine loads when the npm package's folder cannot be written. */
function pointAt(folder) {
  const link = join(tensorflowCache(), 'current')
  mkdirSync(tensorflowCache(), { recursive: true })
  rmSync(`${link}.tmp`, { force: true })
  symlinkSync(folder, `${link}.tmp`)
  renameSync(`${link}.tmp`, link)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const state = await setUpTensorflow({ force: process.argv.includes('--force') })
  console.log(JSON.stringify(state, null, 2))
  process.exitCode = state.ok ? 0 : 1
}
