/**
 * TensorFlow for the default engine. `tensorflowState()` looks (a few ms); `setUpTensorflow()` fetches, compiles,
 * links and checks, once: a second call finds it done, and after `npm ci` it only links again. Neither throws for
 * what can be expected to go wrong: without TensorFlow the program trains with its wasm engine.
 *
 * @typedef {{ ok: true, addon: string, version: string, device: string, source: 'pip' | 'files' | 'package', why?: string }} Ready
 *   `why`: why this device and not the other
 * @typedef {{ ok: false, reason: string, hint: string }} NotReady
 */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
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
import { chooseVariant, graphicsFacts, inWords, wheelKind } from './variant.mjs'
import { fetchLibraries, missingTools } from './wheel.mjs'

const AGAIN = 'then run: node scripts/setup/tensorflow.mjs'
const HINTS = {
  tools: `Install g++ and python3 with pip (Debian, Ubuntu: apt install g++ python3-pip), ${AGAIN}`,
  download: `Check that "python3 -m pip download --no-deps tensorflow-cpu" works (network, mirror, disk space), ${AGAIN}`,
  files: 'Give every wheel: tensorflow_cpu-….whl, or with --gpu tensorflow-….whl and all nvidia_….whl it asks for.',
  cuda: 'Check that nvidia-smi works as this user and shows no error; then run again with --gpu --force, or with --cpu.',
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

/** The newest complete TensorFlow in the cache, of a variant or (undefined) of any; CUDA's before the CPU's. */
function cached(variant) {
  const cache = tensorflowCache()
  if (!existsSync(cache)) return undefined
  const folders = readdirSync(cache)
    .filter((name) => /^\d[\w.]*(-cuda)?$/.test(name))
    .filter((name) => !variant || name.endsWith('-cuda') === (variant === 'cuda'))
    .map((name) => join(cache, name))
  const complete = folders.filter(
    (folder) =>
      readReady(folder) && existsSync(addonPath(folder)) && existsSync(join(librariesPath(folder), 'libtensorflow.so')),
  )
  return complete.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1)
}

/** The folder that `current` names, where it is complete. */
function inUse() {
  try {
    const folder = realpathSync(join(tensorflowCache(), 'current'))
    return readReady(folder) && existsSync(addonPath(folder)) ? folder : undefined
  } catch {
    return undefined
  }
}

/** Whether TensorFlow can be used now. Reads the disk only. @returns {Ready | NotReady} */
export function tensorflowState() {
  const folder = inUse() ?? cached()
  const into = packageFolder()
  if (folder && into && isLinked(folder, into)) return { ok: true, addon: addonPath(into), ...readReady(folder) }
  if (folder) return { ok: true, addon: addonPath(folder), ...readReady(folder) }
  const own = into && existsSync(addonPath(into)) ? readReady(join(into, 'lib')) : undefined
  if (own) return { ok: true, addon: addonPath(into), ...own }
  return { ok: false, reason: 'TensorFlow is not set up.', hint: 'Run: node scripts/setup/tensorflow.mjs' }
}

/**
 * @param {{ say?: (line: string) => void, force?: boolean, asked?: 'cpu' | 'gpu', from?: string[], implicit?: boolean }}
 *   [options] `say`: one line per step (default: stderr); `force`: fetch and compile again even when it is there;
 *   `asked`: for the CPU or for a GPU (default: what the machine has); `from`: wheels on disk instead of pip;
 *   `implicit` (default): nobody asked for it, so not gigabytes: what is there, else for the CPU
 * @returns {Promise<Ready | NotReady>}
 */
export async function setUpTensorflow({
  say = (line) => process.stderr.write(`${line}\n`),
  force = false,
  asked = undefined,
  from = [],
  implicit = true,
} = {}) {
  const into = packageFolder()
  if (!into)
    return {
      ok: false,
      reason: 'The npm package @tensorflow/tfjs-node-gpu is not installed.',
      hint: 'Run: npm install',
    }
  const cache = tensorflowCache()
  try {
    const state = await withLock(
      join(cache, 'lock'),
      () => setUp(into, { say, force: force || from.length > 0, asked, from, implicit }),
      {
        wait: 1_800_000,
        stale: 3_600_000,
        onWait: (pid) => say(`Waiting for the TensorFlow set-up of process ${pid}`),
      },
    )
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

async function setUp(into, { say, force, asked, from, implicit }) {
  // Whatever is there serves whoever asks for nothing in particular.
  const before = tensorflowState()
  if (implicit && !force && before.ok && isLinkedNow(into)) return before
  const facts = await graphicsFacts()
  const choice = chooseVariant(implicit ? 'cpu' : (asked ?? impliedBy(from)), facts)
  if (!choice.ok) return choice
  if (implicit && facts.gpus.length > 0)
    say('There is an NVIDIA GPU: "lupine setup tensorflow --gpu" sets TensorFlow up for it.')
  let folder = force ? undefined : implicit ? cached() : cached(choice.variant)
  if (!force && !folder && before.ok && choice.variant === 'cpu') return before
  let failed = { why: '', hint: HINTS.other }
  if (!folder && process.platform === 'linux' && process.arch === 'x64') {
    const built = await buildFromWheels(into, choice, from, say)
    if (built.ok) folder = built.folder
    else failed = built
  }
  // The package's own TensorFlow (2.9) knows no current GPU, and who gives files has no network.
  if (!folder && (choice.variant === 'cuda' || from.length > 0))
    return {
      ok: false,
      reason: `TensorFlow cannot be set up: ${failed.why || 'wheels serve on Linux on x86-64 only'}.`,
      hint: failed.hint,
    }
  if (!folder) {
    const own = await usePackageScript(into, say)
    const reason = `TensorFlow cannot be set up${failed.why && `: ${failed.why}`}.`
    return own ?? { ok: false, reason, hint: failed.hint }
  }
  if (!isLinked(folder, into)) linkIntoPackage(folder, into)
  pointAt(folder)
  const ready = tensorflowState()
  return ready.ok ? { ...ready, why: choice.why } : ready
}

async function buildFromWheels(into, choice, from, say) {
  say(describeChoice(choice, from.length > 0))
  const missing = await missingTools(from.length === 0)
  if (missing) return { ok: false, why: `${missing} missing`, hint: HINTS.tools }
  const libraries = await fetchLibraries(tensorflowCache(), choice, from, say)
  if (!libraries.ok) return { ...libraries, hint: from.length ? HINTS.files : HINTS.download }
  say('Compiling the addon (about 20 s)')
  const compiled = await compileAddon(libraries.folder, into)
  if (!compiled.ok) return { ok: false, why: `g++ cannot compile the addon: ${compiled.why}`, hint: HINTS.other }
  say('Checking a convolution')
  const probed = await probeAddon(addonPath(libraries.folder))
  if (!probed.ok) return { ok: false, why: probed.why, hint: HINTS.other }
  if (choice.variant === 'cuda' && probed.device !== 'cuda')
    return {
      ok: false,
      why: `TensorFlow ${probed.version} computes, but does not find the GPU (${choice.why})`,
      hint: HINTS.cuda,
    }
  const ready = {
    version: probed.version,
    device: probed.device,
    source: from.length ? 'files' : 'pip',
    why: choice.why,
  }
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

/** Undoes the set-up: the cache, and what was put into the npm package. @returns {string[]} what was removed */
export function removeTensorflow() {
  const into = packageFolder()
  const parts = [tensorflowCache(), ...(into ? [join(into, 'deps'), join(into, 'lib', 'napi-v8')] : [])]
  const there = parts.filter((path) => lstatSync(path, { throwIfNoEntry: false }))
  for (const path of there) rmSync(path, { recursive: true, force: true })
  return there
}

/** The CPU's wheel, given by --from, says what is wanted. */
const impliedBy = (from) => (from.some((file) => wheelKind(basename(file)) === 'cpu') ? 'cpu' : undefined)

/** What is about to be fetched, before it is. */
export const describeChoice = ({ variant, why, packages, download, unpacked }, given = false) =>
  `TensorFlow for ${variant === 'cuda' ? 'CUDA' : 'the CPU'} (${why}): ${
    given ? 'from the files given' : `${packages.join(' and ')}, ${inWords(download)} to download`
  }, ${inWords(unpacked)} on disk`

const isLinkedNow = (into) => {
  const folder = inUse() ?? cached()
  return folder === undefined || isLinked(folder, into)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const state = await setUpTensorflow({ force: process.argv.includes('--force') })
  console.log(JSON.stringify(state, null, 2))
  process.exitCode = state.ok ? 0 : 1
}
