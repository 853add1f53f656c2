import { fixedBatch, withOpenBatch } from '../../core/graph/batch'
import { withoutDeadParts } from '../../core/graph/clean'
import type { Network, Tensor } from '../../core/graph/network'
import { writeOnnx } from '../../formats/onnx/write'
import { createSession, runSession } from './runtime'

/**
 * BN recalibration: every BatchNormalization's running mean and variance re-estimated on the given batches, each
 * layer fed by inputs normalised with batch statistics (EagleEye's adaptive BN, Li et al., ECCV 2020, with cumulative
 * averages). Returns a network that shares everything else; the same one where there is no BN, or where the network takes
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
  const sums = new Map<string, Float64Array>()
  let count = 0
  try {
    for await (const { images, shape } of batches) {
      const outputs = await runSession(session, images, shape)
      count += 1
      for (const [name, { data }] of outputs) {
        const sum = sums.get(name) ?? new Float64Array(data.length)
        for (let i = 0; i < data.length; i++) sum[i]! += data[i]!
        sums.set(name, sum)
      }
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
    for (const [input, output] of [
      [3, meanOf(node.name)],
      [4, varianceOf(node.name)],
    ] as const) {
      const old = network.initializers.get(node.inputs[input]!) as Tensor
      if (shared.has(node.inputs[input]!)) inputs[input] = output
      initializers.set(inputs[input]!, { ...old, data: Float32Array.from(sums.get(output)!, (v) => v / count) })
    }
    return { ...node, inputs }
  })
  return withoutDeadParts({ ...network, nodes, initializers })
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
