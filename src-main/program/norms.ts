import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bareLayers, countNormed, insertNorms, type ChannelMoments } from '../core/graph/bn-insertion'
import type { Network } from '../core/graph/network'
import type { Progress } from '../core/ports'
import type { DataSource } from '../datasets/dataset'
import { saveOnnx } from '../formats/onnx/files'
import { loadVectors, varianceOf } from '../formats/vectors'
import type { JobContext } from '../runs/job'
import { withOnnxruntime } from './onnxruntime'

/** What to do about layers without BN: leave them, or put BN behind them for as long as the network is worked on. */
export type NormPolicy = 'keep' | 'reinsert'

export interface WorkingNetwork {
  /** Computes what the cleaned network does. */
  readonly network: Network
  /** How many BN were put back; they are folded again on export. */
  readonly reinserted: number
}

/** Images the statistics are of. */
const calibrationImages = 1024

/**
 * The network to search and train on: the cleaned one, with BN put back behind its bare layers where exporters folded it
 * away, so that recalibration and BN criteria work on it. Says what it did in the job's log.
 * @param policy the user's; absent: put back when fewer than half of the convolutions have one
 * @throws LupineError of the data set; 'onnxruntime-refused'; 'figures-not-finite'; 'interrupted'
 */
export async function workingNetwork(
  cleaned: Network,
  data: DataSource,
  policy: NormPolicy | undefined,
  job: JobContext,
  onProgress: (progress: Progress) => void,
): Promise<WorkingNetwork> {
  const bare = bareLayers(cleaned)
  const { convolutions, normed } = countNormed(cleaned)
  const chosen = policy ?? (normed * 2 < convolutions ? 'reinsert' : 'keep')
  // Below 14 a BatchNormalization cannot be recalibrated: only networks with unknown operators stay there.
  if (chosen === 'keep' || bare.length === 0 || cleaned.opset < 14) return { network: cleaned, reinserted: 0 }
  const moments = await momentsOf(
    cleaned,
    bare.map(({ tensor }) => tensor),
    data,
    job,
    onProgress,
  )
  job.note(
    'info',
    `${normed} of ${convolutions} convolutions have batch normalisation: it is put back behind ${bare.length} layers by the statistics of ${calibrationImages} training images, and folded again on export (--bn keep leaves it).`,
  )
  return { network: insertNorms(cleaned, moments), reinserted: bare.length }
}

async function momentsOf(
  network: Network,
  tensors: readonly string[],
  data: DataSource,
  job: JobContext,
  onProgress: (progress: Progress) => void,
): Promise<Map<string, ChannelMoments>> {
  const folder = await mkdtemp(join(tmpdir(), 'lupine-moments-'))
  const files = { model: join(folder, 'model.onnx'), out: join(folder, 'moments.json') }
  try {
    await saveOnnx(files.model, network)
    await withOnnxruntime(
      (ort) =>
        ort.call(
          'channels',
          {
            ...{ ...files, data, images: calibrationImages, figure: 'moments' },
            tensors: tensors.map((tensor) => ({ tensor, axis: 1 })),
          },
          {
            signal: job.signal,
            onProgress: ({ done, total }) => onProgress({ done, total, detail: 'statistics for batch normalisation' }),
          },
        ),
      job,
    )
    const vectors = await loadVectors(files.out)
    return new Map(
      tensors.map((tensor) => [tensor, { mean: vectors.get(tensor)!, variance: vectors.get(varianceOf(tensor))! }]),
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
