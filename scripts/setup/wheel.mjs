import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statfsSync, symlinkSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { librariesPath } from './addon.mjs'
import { runChild } from './child.mjs'
import { cudaRequirements, inWords, wheelKind } from './variant.mjs'

/** The TensorFlow this program was tried with; any other is the second choice. */
const TRIED = '2.21.*'
/** Wheels exist per Python version, but the libraries inside are the same: another's will do. */
const OTHER_PYTHONS = ['3.12', '3.11', '3.13', '3.10']

const unpack = `
import sys, zipfile, os, shutil
target, *wheels = sys.argv[1:]
parts = tuple('tensorflow/include/' + part for part in ('tensorflow/c/', 'tensorflow/core/platform/', 'tensorflow/tsl/', 'tsl/', 'xla/tsl/'))
libraries = ('tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2')
for wheel in wheels:
    with zipfile.ZipFile(wheel) as archive:
        for item in archive.infolist():
            name = item.filename
            if name.endswith('/'): continue
            # NVIDIA's libraries lie beside TensorFlow's: that is where its search path looks first.
            if name in libraries or (name.startswith('nvidia/') and '/lib/' in name and '.so' in name): path = 'lib/' + os.path.basename(name)
            elif name.startswith(parts): path = name[len('tensorflow/'):]
            else: continue
            path = os.path.join(target, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with archive.open(item) as source, open(path, 'wb') as out: shutil.copyfileobj(source, out, 1 << 20)
`

const metadata = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    name = next(n for n in archive.namelist() if n.endswith('.dist-info/METADATA'))
    sys.stdout.write(archive.read(name).decode('utf8'))
`

/** What the pip route needs and does not find, in words; undefined when all is there. Without pip: wheels are given. */
export async function missingTools(withPip = true) {
  const missing = []
  const tools = [
    withPip ? ['python3', ['-m', 'pip', '--version'], 'python3 with pip'] : ['python3', ['--version'], 'python3'],
    ['g++', ['--version'], 'g++'],
  ]
  for (const [command, args, name] of tools)
    if (!(await runChild(command, args, { limit: 30_000 })).ok) missing.push(name)
  return missing.length ? missing.join(' and ') : undefined
}

/**
 * Gets TensorFlow's wheel (and CUDA's), by pip or from the files given, and unpacks shared libraries and C headers.
 * What was downloaded is kept until all is there: a second attempt goes on from it.
 * @param {string} cache the folder that receives a folder per version and variant
 * @param {{ variant: 'cpu' | 'cuda', download: number, unpacked: number }} choice
 * @param {string[]} from wheels on disk, instead of pip; empty: pip
 * @returns {Promise<{ ok: true, folder: string, version: string } | { ok: false, why: string }>} with deps/ complete
 */
export async function fetchLibraries(cache, choice, from, say) {
  mkdirSync(cache, { recursive: true })
  const { variant } = choice
  const needed = choice.unpacked + (from.length ? 0 : choice.download)
  const { bavail, bsize } = statfsSync(cache)
  if (bavail * bsize < needed)
    return { ok: false, why: `${cache} has ${inWords(bavail * bsize)} free and ${inWords(needed)} are needed` }
  const download = join(cache, `download-${variant}`)
  const wheels = from.length ? givenWheels(from, variant) : await downloadWheels(download, variant, say)
  if (!wheels.ok) return wheels
  const version = /^tensorflow(?:_cpu)?-([0-9][^-]*)-/.exec(basename(wheels.tensorflow))?.[1]
  if (!version) return { ok: false, why: `${wheels.tensorflow} is no TensorFlow wheel` }
  const folder = join(cache, variant === 'cuda' ? `${version}-cuda` : version)
  say(`Unpacking TensorFlow ${version} (about ${inWords(choice.unpacked)}) into ${folder}`)
  const part = `${folder}.part`
  rmSync(part, { recursive: true, force: true })
  mkdirSync(join(part, 'deps'), { recursive: true })
  const all = [wheels.tensorflow, ...wheels.cuda]
  const unpacked = await runChild('python3', ['-c', unpack, join(part, 'deps'), ...all], { limit: 900_000 })
  if (!unpacked.ok) return { ok: false, why: `a wheel cannot be unpacked: ${unpacked.why}` }
  if (!existsSync(join(librariesPath(part), 'libtensorflow_cc.so.2')))
    return { ok: false, why: `${basename(wheels.tensorflow)} holds no libtensorflow_cc.so.2` }
  linkLibraries(part)
  rmSync(folder, { recursive: true, force: true })
  renameSync(part, folder)
  rmSync(download, { recursive: true, force: true })
  return { ok: true, folder, version }
}

/** The files of --from, sorted by what they are. */
export function givenWheels(from, variant) {
  const wheels = { ok: true, tensorflow: '', cuda: [] }
  for (const file of from) {
    const kind = wheelKind(basename(file))
    if (!existsSync(file)) return { ok: false, why: `there is no file ${file}` }
    if (!kind) return { ok: false, why: `${file} is no wheel of TensorFlow or of CUDA's libraries` }
    if (kind === 'nvidia') wheels.cuda.push(resolve(file))
    else wheels.tensorflow = resolve(file)
  }
  if (!wheels.tensorflow) return { ok: false, why: 'none of the files is a TensorFlow wheel (tensorflow_cpu-….whl)' }
  const isCpu = wheelKind(basename(wheels.tensorflow)) === 'cpu'
  if (variant === 'cuda' && isCpu)
    return { ok: false, why: `${basename(wheels.tensorflow)} is for the CPU; for a GPU give tensorflow-….whl` }
  if (variant === 'cuda' && wheels.cuda.length === 0)
    return { ok: false, why: 'CUDA’s libraries (nvidia_….whl) are missing among the files' }
  if (variant === 'cpu') wheels.cuda = []
  return wheels
}

async function downloadWheels(into, variant, say) {
  mkdirSync(into, { recursive: true })
  const name = variant === 'cuda' ? 'tensorflow' : 'tensorflow-cpu'
  const kind = variant === 'cuda' ? 'tensorflow' : 'cpu'
  const present = () => readdirSync(into).find((file) => wheelKind(file) === kind)
  if (!present()) {
    say(`Downloading TensorFlow with pip (${name})`)
    const got = await downloadWheel(into, name, present)
    if (!got.ok) return got
  }
  const tensorflow = join(into, present())
  if (variant === 'cpu') return { ok: true, tensorflow, cuda: [] }
  const read = await runChild('python3', ['-c', metadata, tensorflow], { limit: 60_000 })
  const requirements = read.ok ? cudaRequirements(read.stdout) : []
  if (requirements.length === 0) return { ok: false, why: `${basename(tensorflow)} names no CUDA libraries` }
  for (const [i, requirement] of requirements.entries()) {
    say(`Downloading CUDA's libraries (${i + 1} of ${requirements.length}: ${requirement})`)
    const got = await pip(into, requirement)
    if (!got.ok) return { ok: false, why: `pip cannot download ${requirement}: ${got.why}` }
  }
  const cuda = readdirSync(into).filter((file) => wheelKind(file) === 'nvidia')
  return { ok: true, tensorflow, cuda: cuda.map((file) => join(into, file)) }
}

/** Files that are there already, whole, are not downloaded again. */
const pip = (into, ...args) =>
  runChild('python3', ['-m', 'pip', 'download', '--no-deps', '--no-input', '--retries', '1', '-d', into, ...args], {
    limit: 1_800_000,
  })

async function downloadWheel(into, name, present) {
  const attempts = [[`${name}==${TRIED}`], [name]]
  for (const python of OTHER_PYTHONS)
    attempts.push([
      ...['--only-binary=:all:', '--python-version', python],
      ...['--platform', 'manylinux_2_27_x86_64', name],
    ])
  let why = ''
  for (const attempt of attempts) {
    const got = await pip(into, ...attempt)
    if (got.ok && present()) return { ok: true }
    why ||= got.why
  }
  return { ok: false, why: `pip cannot download ${name}: ${why}` }
}

/** The names the linker and the addon ask for. The wheel's libtensorflow_cc holds the C API too. */
function linkLibraries(folder) {
  const links = {
    'libtensorflow.so': 'libtensorflow_cc.so.2',
    'libtensorflow_framework.so': 'libtensorflow_framework.so.2',
  }
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(librariesPath(folder), name))
}
