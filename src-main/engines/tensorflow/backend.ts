import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fail } from '../../core/failure'
import { parseRef, type GraphNode, type Ref } from '../compiler/graph'
import { encodeSavedModel } from '../compiler/savedmodel'
import type { EngineDescription } from '../interface'
import type { Backend, Session, TensorValue } from '../training/session'
import { loadBinding, type TensorFlowBinding } from './binding'
import { precisionsOf } from './precisions'

const list = (refs: readonly Ref[]): string =>
  refs
    .map(parseRef)
    .map(({ node, output }) => `${node}:${output},`)
    .join('')

class TensorFlowSession implements Session {
  private readonly model: number

  constructor(
    private readonly binding: TensorFlowBinding,
    nodes: readonly GraphNode[],
  ) {
    const folder = mkdtempSync(join(tmpdir(), 'lupine-graph-'))
    try {
      writeFileSync(join(folder, 'saved_model.pb'), encodeSavedModel(nodes))
      this.model = binding.loadSavedModel(folder, 'serve,')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }

  run(feeds: Readonly<Record<Ref, TensorValue>>, fetches: readonly Ref[]): TensorValue[] {
    const { binding } = this
    const fed: number[] = []
    try {
      for (const { shape, data } of Object.values(feeds))
        fed.push(binding.createTensor(shape, data instanceof Int32Array ? binding.TF_INT32 : binding.TF_FLOAT, data))
      const got = binding.runSavedModel(this.model, fed, list(Object.keys(feeds)), list(fetches))
      return got.map(({ id, shape }) => {
        const data = binding.tensorDataSync(id)
        binding.deleteTensor(id)
        return { shape, data }
      })
    } catch (error) {
      throw named(error as Error)
    } finally {
      // Only now may JavaScript write into the fed arrays again: TensorFlow may have read them in place.
      for (const id of fed) binding.deleteTensor(id)
    }
  }

  close(): void {
    this.binding.deleteSavedModel(this.model)
  }
}

/** TensorFlow's complaint as a failure with a way out. */
function named(error: Error): Error {
  if (/OOM|RESOURCE_EXHAUSTED|out of memory/i.test(error.message))
    return fail(
      'work',
      'engine-memory',
      'TensorFlow ran out of memory.',
      'Use a smaller batch, or close other programs, and resume.',
      error,
    )
  return fail(
    'work',
    'engine-failed',
    `TensorFlow failed: ${error.message.split('\n')[0]}`,
    'This is a defect in Lupine, or in TensorFlow; report it. The wasm engine may work meanwhile.',
    error,
  )
}

/** TensorFlow in this process. @throws LupineError work 'engine-missing' */
export function openTensorFlow(): Backend {
  const binding = loadBinding()
  const threads = Number(process.env['TF_NUM_INTRAOP_THREADS']) || availableParallelism()
  const cuda = binding.isUsingGpuDevice()
  const cpuinfo = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : ''
  return {
    open: (nodes) => new TensorFlowSession(binding, nodes),
    describe: (): EngineDescription => ({
      engine: 'tensorflow',
      version: `TensorFlow ${binding.TF_Version}`,
      device: cuda ? 'cuda' : 'cpu',
      threads,
      precisions: precisionsOf({ cuda, cpuinfo }),
    }),
  }
}
