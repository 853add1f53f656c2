import { fixedBatch, withOpenBatch } from '../../core/graph/batch'
import { withoutDeadParts } from '../../core/graph/clean'
import type { Network, Tensor } from '../../core/graph/network'
import { writeOnnx } from '../../formats/onnx/write'
import { createSession, runSession } from './runtime'

/**
 * BN recalibration: every BatchNormalization's running mean and variance re-estimated on the given batches, each
 * layer fed by inputs normalised with batch statistics (EagleEye's adaptive BN, Li et al., ECCV 2020, but pooled: the
 * statistics are those of all images together, so that small batches, which caches hold, serve as well as large ones).
 * Returns a network that shares everything else; the same one where there is no BN, or where the network takes
 * no batches but the one it was exported for.
 *
 * @param batches images, NCHW, with their shapes
 */
export async function recalibrate(
  network: Network,
  batches:
    | AsyncIterable<{ images: Float32Array; shape: readonly number[] }>
    | Iterable<{ images: Float32Array; shape: readonly number[] }>,
  threads: number,
): Promise<Network> {
  const norms = network.nodes.filter((node) => node.op === 'BatchNormalization')
  if (norms.length === 0 || network.opset < 14) return network
  const open = withOpenBatch(network)
  // Statistics of batches it cannot take would be needed.
  if (fixedBatch(open) !== undefined) return network
  const session = await createSession(writeOnnx(withBatchStatistics(open)), threads, 'the network to recalibrate')
  const statistics = new Map(norms.map((node) => [node.name, new PooledStatistics()]))
  let count = 0
  try {
    for await (const { images, shape } of batches) {
      const outputs = await runSession(session, images, shape)
      count += shape[0]!
      for (const [norm, pooled] of statistics)
        pooled.add(shape[0]!, outputs.get(meanOf(norm))!.data, outputs.get(varianceOf(norm))!.data)
    }
  } finally {
    await session.release()
  }
  if (count === 0) return network
  const initializers = new Map(network.initializers)
  const shared = readSeveralTimes(network)
  const nodes = network.nodes.map((node) => {
    if (node.op !== 'BatchNormalization') return node
    const inputs = [...node.inputs]
    const { mean, variance } = statistics.get(node.name)!.of()
    for (const [input, name, data] of [
      [3, meanOf(node.name), mean],
      [4, varianceOf(node.name), variance],
    ] as const) {
      const old = network.initializers.get(node.inputs[input]!) as Tensor
      if (shared.has(node.inputs[input]!)) inputs[input] = name
      initializers.set(inputs[input]!, { ...old, data })
    }
    return { ...node, inputs }
  })
  return withoutDeadParts({ ...network, nodes, initializers })
}

/** Mean and (biased) variance per channel over several batches, from those of each. */
class PooledStatistics {
  private images = 0
  private sums = new Float64Array(0)
  private squares = new Float64Array(0)

  /** @param images of the batch, each with as many pixels as any other's */
  add(images: number, mean: Float32Array, variance: Float32Array): void {
    if (this.images === 0) [this.sums, this.squares] = [new Float64Array(mean.length), new Float64Array(mean.length)]
    this.images += images
    for (let i = 0; i < mean.length; i++) {
      this.sums[i]! += images * mean[i]!
      this.squares[i]! += images * (variance[i]! + mean[i]! ** 2)
    }
  }

  of(): { mean: Float32Array; variance: Float32Array } {
    const mean = this.sums.map((sum) => sum / this.images)
    const variance = this.squares.map((square, i) => Math.max(0, square / this.images - mean[i]! ** 2))
    return { mean: Float32Array.from(mean), variance: Float32Array.from(variance) }
  }
}

/** Constants that several inputs read: exporters merge equal ones, such as the means of untrained networks. */
function readSeveralTimes(network: Network): Set<string> {
  const seen = new Set<string>()
  const again = new Set<string>()
  for (const input of network.nodes.flatMap(({ inputs }) => inputs)) (seen.has(input) ? again : seen).add(input)
  return again
}

const meanOf = (node: string): string => `${node}/recalibrated_mean`
const varianceOf = (node: string): string => `${node}/recalibrated_variance`

/**
 * The same network with every BN in training mode and its running statistics as outputs. With momentum 0 they are
 * the batch's own: ONNX gives running = old·momentum + batch·(1 − momentum), the variance being the biased one.
 */
function withBatchStatistics(network: Network): Network {
  const outputs: Network['outputs'][number][] = []
  const nodes = network.nodes.map((node) => {
    if (node.op !== 'BatchNormalization') return node
    const names = [meanOf(node.name), varianceOf(node.name)]
    outputs.push(...names.map((name) => ({ name, type: 'float32' as const, shape: undefined })))
    return {
      ...node,
      outputs: [node.outputs[0]!, ...names],
      attributes: { ...node.attributes, training_mode: 1, momentum: 0 },
    }
  })
  return { ...network, nodes, outputs }
}
