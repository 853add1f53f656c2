/** Which device TensorFlow uses, and why not the other: decided from facts alone. */

import type { Precision } from '../../engines/interface'

/** As nvidia-smi tells it. */
export interface Gpu {
  readonly name: string
  readonly driver: string
  readonly capability: string
}

export interface TensorflowFacts {
  readonly platform: string
  readonly arch: string
  /** What `lupine setup tensorflow` left; undefined: not set up. */
  readonly setup: { readonly version: string; readonly device: string; readonly source: string } | undefined
  /** What an engine process answered, or why it did not; undefined: not asked. */
  readonly engine:
    | { readonly version: string; readonly device: string; readonly precision: Precision }
    | { readonly failed: string }
    | undefined
  readonly gpus: readonly Gpu[]
  /** Why nvidia-smi names none. */
  readonly noGpu: string
  /** What TensorFlow wrote while it started. */
  readonly log: string
  /** CUDA_VISIBLE_DEVICES */
  readonly visible: string | undefined
}

export interface TensorflowVerdict {
  readonly ready: boolean
  readonly version: string | null
  /** Null: TensorFlow cannot be used. */
  readonly device: 'cuda' | 'cpu' | null
  /** What it trains in unless told otherwise; null: it cannot be used. */
  readonly precision: Precision | null
  /** Why this device and not the other, or why none. */
  readonly why: string
  /** The way out; '' where there is nothing to mend. */
  readonly hint: string
}

const setUp = 'npx lupine setup tensorflow'

export function judgeTensorflow(facts: TensorflowFacts): TensorflowVerdict {
  const { setup, engine, gpus } = facts
  const [gpu] = gpus
  const none = (why: string): TensorflowVerdict => ({
    ...{ ready: false, version: setup?.version ?? null, device: null, precision: null, why },
    hint: `Run: ${setUp}${gpu ? ' --gpu' : ''}${setup ? ' --force' : ''}. Until then the slower wasm engine is used.`,
  })
  if (!setup && !engine) return none('TensorFlow is not set up.')
  if (!engine || 'failed' in engine) return none(engine ? engine.failed : 'TensorFlow was not asked.')
  const { version, precision } = engine
  if (engine.device === 'cuda') {
    const why = gpu ? `${gpu.name}, driver ${gpu.driver}` : 'TensorFlow found a GPU'
    return { ready: true, version, device: 'cuda', precision, why: `${why}.`, hint: '' }
  }
  return { ready: true, version, device: 'cpu', precision, ...whyNoCuda(facts) }
}

function whyNoCuda({ platform, arch, setup, gpus, noGpu, log, visible }: TensorflowFacts): {
  why: string
  hint: string
} {
  if (platform !== 'linux' || arch !== 'x64')
    return { why: `TensorFlow for CUDA exists for Linux on x86-64; this is ${platform} ${arch}.`, hint: '' }
  const [gpu] = gpus
  if (!gpu) return { why: `No GPU: ${noGpu}.`, hint: '' }
  const there = `There is ${gpu.name} (driver ${gpu.driver})`
  if (setup?.device !== 'cuda')
    return { why: `${there}, but no CUDA build of TensorFlow is installed.`, hint: `Run: ${setUp} --gpu` }
  if (visible !== undefined && (visible === '' || visible.startsWith('-')))
    return { why: `${there}, but CUDA_VISIBLE_DEVICES="${visible}" hides it.`, hint: 'Unset CUDA_VISIBLE_DEVICES.' }
  const libraries = unloaded(log)
  if (libraries.length > 0) {
    const verb = libraries.length === 1 ? 'does' : 'do'
    return { why: `${there}, but ${libraries.join(', ')} ${verb} not load.`, hint: `Run: ${setUp} --gpu --force` }
  }
  const refused = /(?:failed call to cuInit|CUDA_ERROR_\w+)[^\n]*/.exec(log)?.[0]
  if (refused)
    return {
      why: `${there}, but the driver refuses: ${refused.trim()}.`,
      hint: 'Check that nvidia-smi works as this user; after an update of the driver, restart the computer.',
    }
  return {
    why: `${there}, but TensorFlow does not find it.`,
    hint: `Check that nvidia-smi works as this user, then run: ${setUp} --gpu --force`,
  }
}

/** Libraries that TensorFlow's loader, or the system's, could not open. */
export function unloaded(log: string): string[] {
  const names = new Set<string>()
  for (const [, name] of log.matchAll(/Could not load dynamic library '([^']+)'/g)) names.add(name!)
  for (const [, name] of log.matchAll(/(lib[\w.+-]+\.so[\d.]*): cannot open shared object file/g)) names.add(name!)
  return [...names]
}

/** "NVIDIA A2, 550.54.14, 8.6" per line. */
export function parseGpus(text: string): Gpu[] {
  return text.split('\n').flatMap((line) => {
    const [name, driver, capability] = line.split(',').map((part) => part.trim())
    return name && /^\d+(\.\d+)*$/.test(driver ?? '') ? [{ name, driver: driver!, capability: capability ?? '' }] : []
  })
}
