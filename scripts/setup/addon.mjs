import { copyFileSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { runChild } from './child.mjs'

/** Inside a TensorFlow folder, be it the npm package or the cache: the addon finds its libraries by this layout. */
export const addonPath = (folder) => join(folder, 'lib', 'napi-v8', 'tfjs_binding.node')
export const librariesPath = (folder) => join(folder, 'deps', 'lib')

/** The folder of @tensorflow/tfjs-node-gpu; undefined when npm left it out. */
export function packageFolder() {
  try {
    return dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node-gpu/package.json'))
  } catch {
    return undefined
  }
}

/**
 * Compiles the package's addon against the libraries in `folder`, into `folder`. g++ alone does it: node-gyp would
 * download Node's headers, which the npm package node-api-headers has.
 */
export async function compileAddon(folder, sources) {
  const headers = dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json'))
  const target = addonPath(folder)
  mkdirSync(dirname(target), { recursive: true })
  const args = [
    ...['-std=c++17', '-O2', '-fPIC', '-shared', '-w', '-DNAPI_VERSION=8', '-DBUILDING_NODE_EXTENSION'],
    ...['-I', join(headers, 'include'), '-I', join(folder, 'deps', 'include'), '-I', sources],
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(sources, 'binding', file)),
    ...['-L', librariesPath(folder), '-ltensorflow', '-ltensorflow_framework'],
    ...['-Wl,-rpath,$ORIGIN/../../deps/lib', '-o', `${target}.tmp`],
  ]
  const compiled = await runChild('g++', args, { limit: 300_000 })
  if (compiled.ok) renameSync(`${target}.tmp`, target)
  return compiled
}

/**
 * Makes the npm package use a set-up folder: its `deps` becomes a link, the addon a copy (its search path is relative
 * to where it lies). A package folder that cannot be written is no failure: the cache is found without it.
 */
export function linkIntoPackage(folder, into) {
  try {
    const deps = join(into, 'deps')
    if (existsSync(deps) || isLink(deps)) rmSync(deps, { recursive: true, force: true })
    symlinkSync(join(folder, 'deps'), deps)
    mkdirSync(dirname(addonPath(into)), { recursive: true })
    copyFileSync(addonPath(folder), `${addonPath(into)}.tmp`)
    renameSync(`${addonPath(into)}.tmp`, addonPath(into))
    return true
  } catch {
    return false
  }
}

/** Whether the package's own addon is the one in `folder`, with its libraries in reach. */
export function isLinked(folder, into) {
  try {
    return (
      existsSync(join(librariesPath(into), 'libtensorflow.so')) &&
      readFileSync(addonPath(into)).equals(readFileSync(addonPath(folder)))
    )
  } catch {
    return false
  }
}

function isLink(path) {
  try {
    return lstatSync(path).isSymbolicLink()
  } catch {
    return false
  }
}

const probe = join(import.meta.dirname, 'probe.mjs')

/** Loads an addon in a child process and has it compute. → `{ ok, version, device, why }` */
export async function probeAddon(path) {
  const run = await runChild(process.execPath, [probe, path], {
    limit: 120_000,
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' },
  })
  try {
    const { version, device, error } = JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '')
    return { ok: run.ok, version, device, why: run.ok ? '' : `its convolution is off by ${error}` }
  } catch {
    return { ok: false, version: '', device: '', why: run.why || 'the addon does not load' }
  }
}
