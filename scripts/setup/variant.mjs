/**
 * Which TensorFlow a machine gets: for its CPU, or for an NVIDIA GPU through CUDA. `graphicsFacts()` looks,
 * `chooseVariant()` decides and is tested on recorded facts.
 *
 * @typedef {'cpu' | 'cuda'} Variant
 * @typedef {{ name: string, driver: string, capability: string }} Gpu as nvidia-smi tells it
 * @typedef {{ platform: string, arch: string, gpus: Gpu[], why: string }} Facts `why`: why no GPU was found
 * @typedef {{ variant: Variant, why: string, packages: string[], download: number, unpacked: number }} Choice bytes
 */
import { runChild } from './child.mjs'

/** CUDA 12 runs on drivers from here on (NVIDIA's compatibility table), and TensorFlow's kernels on chips from here. */
const oldestDriver = 525
const oldestCapability = 6

/** As measured for 2.21 on x86-64 (CPU), and by the sizes of the wheels (CUDA): rounded up. */
export const sizes = {
  cpu: { download: 275e6, unpacked: 850e6 },
  cuda: { download: 3.2e9, unpacked: 6e9 },
}

const query = ['--query-gpu=name,driver_version,compute_cap', '--format=csv,noheader']

/** What nvidia-smi says of this machine; it comes with every driver. @returns {Promise<Facts>} */
export async function graphicsFacts() {
  const run = await runChild('nvidia-smi', query, { limit: 15_000 })
  const gpus = run.ok ? parseGpus(run.stdout) : []
  const why = run.ok ? 'nvidia-smi names no GPU' : `there is no NVIDIA driver (nvidia-smi: ${run.why})`
  return { platform: process.platform, arch: process.arch, gpus, why: gpus.length ? '' : why }
}

/** "NVIDIA A2, 550.54.14, 8.6" per line. @returns {Gpu[]} */
export function parseGpus(text) {
  return text.split('\n').flatMap((line) => {
    const [name, driver, capability] = line.split(',').map((part) => part.trim())
    return name && /^\d+(\.\d+)*$/.test(driver ?? '') ? [{ name, driver, capability: capability ?? '' }] : []
  })
}

/** Why a GPU cannot be used; undefined when it can. */
function objection({ name, driver, capability }) {
  if (parseInt(driver, 10) < oldestDriver)
    return `the driver ${driver} is too old for CUDA 12: install ${oldestDriver} or newer`
  if (parseFloat(capability) < oldestCapability)
    return `${name} has compute capability ${capability}; TensorFlow needs ${oldestCapability}.0 or newer`
  return undefined
}

/**
 * @param {'cpu' | 'gpu' | undefined} asked by --cpu or --gpu
 * @param {Facts} facts
 * @returns {Choice & { ok: true } | { ok: false, reason: string, hint: string }} not ok: --gpu where there can be none
 */
export function chooseVariant(asked, facts) {
  const cpu = (why) => ({ ok: true, variant: 'cpu', why, packages: ['tensorflow-cpu'], ...sizes.cpu })
  if (asked === 'cpu') return cpu('asked for')
  const usable = facts.gpus.find((gpu) => !objection(gpu))
  const why =
    facts.platform !== 'linux' || facts.arch !== 'x64'
      ? `CUDA wheels exist for Linux on x86-64; this is ${facts.platform} ${facts.arch}`
      : facts.gpus.length === 0
        ? facts.why
        : !usable && objection(facts.gpus[0])
  if (!why) {
    const found = `${usable.name}, driver ${usable.driver}`
    return { ok: true, variant: 'cuda', why: found, packages: ['tensorflow', 'nvidia-*'], ...sizes.cuda }
  }
  if (asked === 'gpu')
    return {
      ok: false,
      reason: `TensorFlow cannot use a GPU here: ${why}.`,
      hint: 'When "nvidia-smi" shows the GPU, try again. With --cpu TensorFlow is set up for the CPU.',
    }
  return cpu(why)
}

/**
 * The CUDA libraries a TensorFlow wheel wants, from its METADATA: `Requires-Dist: nvidia-…; extra == "and-cuda"`.
 * Compilers (nvcc) stay out: our graphs are not compiled just in time.
 * @returns {string[]} requirements as pip takes them
 */
export function cudaRequirements(metadata) {
  return metadata.split('\n').flatMap((line) => {
    const [, requirement, marker] = /^Requires-Dist:\s*(nvidia-[^;]+?)\s*;(.*)$/.exec(line.trim()) ?? []
    if (!requirement || !marker.includes('and-cuda') || /nvcc/.test(requirement)) return []
    return [requirement.replace(/[()\s]/g, '')]
  })
}

/** What a wheel given with --from is; undefined for what has no place here. @returns {'cpu' | 'tensorflow' | 'nvidia' | undefined} */
export function wheelKind(name) {
  if (!name.endsWith('.whl')) return undefined
  if (/^tensorflow_cpu-\d/.test(name)) return 'cpu'
  if (/^tensorflow-\d/.test(name)) return 'tensorflow'
  return /^nvidia_\w+-\d/.test(name) ? 'nvidia' : undefined
}

/** 3.2e9 → "3.2 GB" */
export const inWords = (bytes) => (bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`)
