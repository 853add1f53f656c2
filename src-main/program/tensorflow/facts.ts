import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { LupineError } from '../../core/failure'
import type { EngineMethods } from '../../engines/interface'
import { startEngine } from '../../engines/process/start'
import { findAddon } from '../../engines/tensorflow/binding'
import { parseGpus, type TensorflowFacts } from './judge'

/** An engine that has not said what it is by then will not. */
const limit = 45_000

/** Looks at the disk, asks nvidia-smi, and asks an engine process. Nothing of it fails. */
export async function tensorflowFacts(): Promise<TensorflowFacts> {
  const addon = findAddon()
  const [setup, graphics, asked] = await Promise.all([readSetup(addon), askNvidia(), addon ? askEngine() : undefined])
  return {
    ...{ platform: process.platform, arch: process.arch, setup, ...graphics },
    ...{ engine: asked?.engine, log: asked?.log ?? '', visible: process.env['CUDA_VISIBLE_DEVICES'] },
  }
}

/** What set-up wrote when it had checked a convolution: beside the cache's TensorFlow, or in the npm package. */
async function readSetup(addon: string | undefined): Promise<TensorflowFacts['setup']> {
  if (!addon) return undefined
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'lupine', 'tensorflow', 'current')
  for (const folder of [cache, dirname(dirname(dirname(addon))), dirname(dirname(addon))])
    try {
      return JSON.parse(await readFile(join(folder, 'ready.json'), 'utf8')) as TensorflowFacts['setup']
    } catch {
      // Not there: it is in another of these places, or set-up never got so far.
    }
  return undefined
}

function askNvidia(): Promise<Pick<TensorflowFacts, 'gpus' | 'noGpu'>> {
  const query = ['--query-gpu=name,driver_version,compute_cap', '--format=csv,noheader']
  return new Promise((resolve) => {
    execFile('nvidia-smi', query, { timeout: 15_000 }, (error, stdout) => {
      const gpus = error ? [] : parseGpus(stdout)
      const missing = error?.code === ('ENOENT' as unknown)
      const noGpu = error
        ? `no NVIDIA driver (nvidia-smi ${missing ? 'is not installed' : `says: ${(stdout || error.message).trim().split('\n')[0]}`})`
        : 'nvidia-smi names none'
      resolve({ gpus, noGpu: gpus.length > 0 ? '' : noGpu })
    })
  })
}

async function askEngine(): Promise<{ engine: TensorflowFacts['engine']; log: string }> {
  // All that TensorFlow says of the libraries it looks for.
  const engine = startEngine<EngineMethods>('tensorflow', { TF_CPP_MIN_LOG_LEVEL: '0' })
  try {
    const { version, device, precisions } = await engine.call('describe', {}, { signal: AbortSignal.timeout(limit) })
    const precision = precisions[0] ?? 'float32'
    return { engine: { version: version.replace(/^TensorFlow /, ''), device, precision }, log: engine.said() }
  } catch (error) {
    const late = error instanceof LupineError && error.failure.kind === 'interrupted'
    const failed = late ? `TensorFlow does not answer within ${limit / 1000} s.` : (error as Error).message
    return { engine: { failed }, log: engine.said() }
  } finally {
    await engine.stop()
  }
}
