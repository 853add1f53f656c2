import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { runChild } from './child.mjs'
import { librariesPath } from './addon.mjs'

/** The TensorFlow this program was tried with; any other is the second choice. */
const TRIED = '2.21.*'
/** Wheels exist per Python version, but the libraries inside are the same: another's will do. */
const OTHER_PYTHONS = ['3.12', '3.11', '3.13', '3.10']
const NEEDED_BYTES = 1.4e9

const unpack = `
import sys, zipfile, os, shutil
wheel, target = sys.argv[1:]
prefix = 'tensorflow/'
parts = tuple('include/' + part for part in ('tensorflow/c/', 'tensorflow/core/platform/', 'tensorflow/tsl/', 'tsl/', 'xla/tsl/'))
with zipfile.ZipFile(wheel) as archive:
    for item in archive.infolist():
        name = item.filename
        if not name.startswith(prefix) or name.endswith('/'): continue
        name = name[len(prefix):]
        if name in ('libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'): name = 'lib/' + name
        elif not name.startswith(parts): continue
        path = os.path.join(target, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with archive.open(item) as source, open(path, 'wb') as out: shutil.copyfileobj(source, out, 1 << 20)
`

/** What the pip route needs and does not find, in words; undefined when all is there. */
export async function missingTools() {
  const missing = []
  const tools = [
    ['python3', ['-m', 'pip', '--version'], 'python3 with pip'],
    ['g++', ['--version'], 'g++'],
  ]
  for (const [command, args, name] of tools)
    if (!(await runChild(command, args, { limit: 30_000 })).ok) missing.push(name)
  return missing.length ? missing.join(' and ') : undefined
}

/**
 * Downloads pip's tensorflow-cpu wheel and unpacks its shared libraries and C headers.
 * @param {string} cache the folder that receives a folder per version
 * @returns {Promise<{ ok: true, folder: string, version: string } | { ok: false, why: string }>} with deps/ complete
 */
export async function fetchLibraries(cache, say) {
  mkdirSync(cache, { recursive: true })
  const { bavail, bsize } = statfsSync(cache)
  if (bavail * bsize < NEEDED_BYTES)
    return { ok: false, why: `${cache} has ${(bavail * bsize) / 1e9} GB free and 1.4 GB are needed` }
  const download = mkdtempSync(join(cache, 'download-'))
  try {
    say('Downloading TensorFlow for this CPU with pip (tensorflow-cpu, about 275 MB)')
    const fetched = await downloadWheel(download)
    if (!fetched.ok) return fetched
    const version = /^tensorflow_cpu-([0-9][^-]*)-/.exec(fetched.wheel)?.[1]
    if (!version) return { ok: false, why: `pip brought ${fetched.wheel}, which is no tensorflow-cpu wheel` }
    const folder = join(cache, version)
    say(`Unpacking TensorFlow ${version} (about 850 MB) into ${folder}`)
    rmSync(folder, { recursive: true, force: true })
    const deps = join(folder, 'deps')
    mkdirSync(deps, { recursive: true })
    const unpacked = await runChild('python3', ['-c', unpack, join(download, fetched.wheel), deps], { limit: 300_000 })
    if (!unpacked.ok) return { ok: false, why: `the wheel cannot be unpacked: ${unpacked.why}` }
    linkLibraries(folder)
    return { ok: true, folder, version }
  } finally {
    rmSync(download, { recursive: true, force: true })
  }
}

async function downloadWheel(into) {
  const pip = (...args) =>
    runChild('python3', ['-m', 'pip', 'download', '--no-deps', '--no-input', '--retries', '1', '-d', into, ...args], {
      limit: 900_000,
    })
  const attempts = [[`tensorflow-cpu==${TRIED}`], ['tensorflow-cpu']]
  for (const python of OTHER_PYTHONS)
    attempts.push([
      '--only-binary=:all:',
      '--python-version',
      python,
      '--platform',
      'manylinux_2_27_x86_64',
      'tensorflow-cpu',
    ])
  let why = ''
  for (const attempt of attempts) {
    const got = await pip(...attempt)
    const wheel = readdirSync(into).find((file) => file.endsWith('.whl'))
    if (got.ok && wheel) return { ok: true, wheel }
    why ||= got.why
  }
  return { ok: false, why: `pip cannot download tensorflow-cpu: ${why}` }
}

/** The names the linker and the addon ask for. The wheel's libtensorflow_cc holds the C API too. */
function linkLibraries(folder) {
  const links = {
    'libtensorflow.so': 'libtensorflow_cc.so.2',
    'libtensorflow_framework.so': 'libtensorflow_framework.so.2',
  }
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(librariesPath(folder), name))
}
