/**
 * `npm start`: the window, where Electron can run; else the same program for a browser. Which of them is decided
 * within five seconds (building, and fetching Electron where that is possible, come on top and say so).
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildOrExit } from './launch/build.mjs'
import { launch } from './lupine.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const say = (line) => process.stderr.write(`${line}\n`)
const electron = join(root, 'node_modules/electron')

/**
 * What `npm start` does, from what is there.
 * @param {{ platform: string, env: Record<string, string | undefined>, binary: boolean, root: boolean, reachable: boolean }} facts
 *   `binary`: Electron's program is in node_modules; `root`: we run as root; `reachable`: Electron can be fetched
 * @returns {{ does: 'window' | 'fetch' | 'serve', why: string }}
 */
export function decide({ platform, env, binary, root, reachable }) {
  if (platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY)
    return { does: 'serve', why: 'There is no screen here (neither DISPLAY nor WAYLAND_DISPLAY is set).' }
  if (platform === 'linux' && root)
    return { does: 'serve', why: 'Electron keeps its sandbox only for ordinary users; this is root.' }
  if (binary) return { does: 'window', why: '' }
  if (reachable) return { does: 'fetch', why: '' }
  return {
    does: 'serve',
    why: `Electron's program is not installed and its download cannot be reached. With a connection: node node_modules/electron/install.js`,
  }
}

/** Path of Electron's program; undefined when npm's package is there without it (install scripts are off). */
export function electronBinary() {
  try {
    const name = readFileSync(join(electron, 'path.txt'), 'utf8').trim()
    const path = join(process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(electron, 'dist'), name)
    return existsSync(path) ? path : undefined
  } catch {
    return undefined
  }
}

/** Whether Electron's archive is in the download cache, or its server answers within three seconds. */
async function canFetch() {
  if (!existsSync(join(electron, 'install.js'))) return false
  const { version } = createRequire(import.meta.url)('electron/package.json')
  const archive = `electron-v${version}-${process.platform}-${process.arch}.zip`
  if (isCached(archive)) return true
  const mirror =
    process.env.ELECTRON_MIRROR ??
    process.env.npm_config_electron_mirror ??
    'https://github.com/electron/electron/releases/download/'
  try {
    const answer = await fetch(`${mirror}v${version}/${archive}`, { method: 'HEAD', signal: AbortSignal.timeout(3000) })
    return answer.ok
  } catch {
    return false
  }
}

function isCached(archive) {
  const places = {
    darwin: join(homedir(), 'Library/Caches/electron'),
    win32: join(process.env.LOCALAPPDATA ?? homedir(), 'electron/Cache'),
  }
  const cache =
    process.env.electron_config_cache ??
    places[process.platform] ??
    join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'electron')
  return existsSync(cache) && readdirSync(cache, { recursive: true }).some((path) => path.endsWith(archive))
}

/** Runs a program on our terminal; resolves to its exit code and how long it ran. */
function runHere(command, args) {
  const began = Date.now()
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit' })
    child.on('error', () => resolve({ code: 1, seconds: 0 }))
    child.on('close', (code) => resolve({ code: code ?? 1, seconds: (Date.now() - began) / 1000 }))
  })
}

async function serve(why, argv) {
  say(`${why}\nLupine opens in a browser instead, as "lupine serve" does.`)
  process.argv.splice(2, Infinity, 'serve', ...argv)
  await launch(['serve', ...argv])
}

async function start(argv) {
  const facts = { platform: process.platform, env: process.env, root: process.getuid?.() === 0 }
  const binary = electronBinary() !== undefined
  // The network is asked only where its answer can matter.
  const reachable = decide({ ...facts, binary, reachable: true }).does === 'fetch' && (await canFetch())
  const decision = decide({ ...facts, binary, reachable })
  if (decision.does === 'serve') return serve(decision.why, argv)
  if (decision.does === 'fetch') {
    say("Fetching Electron's program (about 110 MB, once) …")
    const { code } = await runHere(process.execPath, [join(electron, 'install.js')])
    if (code !== 0 || !electronBinary()) return serve("Electron's program could not be fetched.", argv)
  }
  await buildOrExit(root)
  const { code, seconds } = await runHere(electronBinary(), [root, ...argv])
  if (code !== 0 && seconds < 5)
    return serve(`Electron ended at once (exit code ${code}); what it said is above.`, argv)
  process.exitCode = code
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) start(process.argv.slice(2))
