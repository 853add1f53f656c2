#!/usr/bin/env node
/**
 * The command `lupine` in a checkout: builds when the sources are newer than out/, sets TensorFlow up when a command
 * needs an engine, then runs the built command line in this process. Says what it does on stderr only, so that
 * --json owns stdout. It depends on nothing but Node, since it runs before anything is built.
 */
import { realpathSync } from 'node:fs'
import module from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
/** The oldest Node that runs Lupine; as in package.json. */
export const oldestNode = '20.19'

/** Whether `version` ("20.20.2") is at least `oldest` ("20.19"). */
export function isNewEnough(version, oldest) {
  const [major, minor] = version.split('.').map(Number)
  const [oldMajor, oldMinor] = oldest.split('.').map(Number)
  return major > oldMajor || (major === oldMajor && minor >= oldMinor)
}

/** @param {string[]} argv what follows the program's name, as in process.argv.slice(2) */
export async function launch(argv) {
  const say = (line) => process.stderr.write(`${line}\n`)
  const refuse = ({ code, message, hint }) => {
    if (argv.includes('--json')) process.stdout.write(`${JSON.stringify({ error: { code, message, hint } })}\n`)
    say(`${message}\n${hint}`)
    process.exitCode = 1
  }
  if (!isNewEnough(process.versions.node, oldestNode))
    return refuse({
      code: 'node-too-old',
      message: `Lupine needs Node.js ${oldestNode} or newer; this is ${process.versions.node} (${process.execPath}).`,
      hint: 'Install a current Node.js (nodejs.org, or your system’s package), and run the command again.',
    })
  // Loaded only now: an old Node may not be able to parse them.
  const { missingPackages, ensureBuilt } = await import('./launch/build.mjs')
  const missing = missingPackages(root)
  if (missing.length > 0)
    return refuse({
      code: 'not-installed',
      message: `The packages Lupine needs are not installed (${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ', …' : ''}).`,
      hint: `Run "npm install" in ${root}, then this command again.`,
    })
  if (argv[0] === 'setup') {
    const { runSetup } = await import('./launch/engine.mjs')
    return runSetup(argv.slice(1), say)
  }
  const { needsEngine, prepareEngine } = await import('./launch/engine.mjs')
  // Builds and set-ups run in process groups of their own, which end with this process's exit, not with its signals.
  const interrupt = () => process.exit(130)
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, interrupt)
  const built = await ensureBuilt(root, say)
  if (!built.ok) return refuse(built)
  if (needsEngine(argv)) await prepareEngine(argv, say)
  for (const signal of signals) process.removeListener(signal, interrupt)
  // Node 22 and newer keep compiled code between runs.
  module.enableCompileCache?.()
  await import(pathToFileURL(join(root, 'out/main/cli.js')).href)
}

/** npx and npm start this file through a link. */
const isProgram = process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
if (isProgram) launch(process.argv.slice(2))
