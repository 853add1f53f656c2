/**
 * Our side of `npm run bench:candidate`: argv THREADS; per "N" line scores N candidates, answers milliseconds each.
 * A candidate: ResNet-56 with every inner width halved by L1, BN recalibrated on 2,048 images, scored on 2,048 others.
 */
import { createResnet } from '../../src-main/core/graph/architectures'
import { createSubject, pruneSubject } from '../../src-main/core/pruning/subject'
import { createRandom } from '../../src-main/core/statistics/random'
import { meanDivergence, softmaxRows } from '../../src-main/engines/onnxruntime/outputs'
import { recalibrate } from '../../src-main/engines/onnxruntime/recalibrate'
import { createSession, runSession } from '../../src-main/engines/onnxruntime/runtime'
import { writeOnnx } from '../../src-main/formats/onnx/write'
import type { Network } from '../../src-main/core/graph/network'
import { takeTurns } from './turns'

const threads = Number(process.argv[2])
// As the scorer does with images of this size.
const batch = 64
const shape = [batch, 3, 32, 32]
const random = createRandom(1)
const images = () =>
  Array.from({ length: 2048 / batch }, () => ({
    shape,
    images: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal()),
  }))
const [calibration, fitness] = [images(), images()]
const subject = createSubject(createResnet(56, 10, [3, 32, 32], 1))
const widths = Object.fromEntries(subject.dimensions.map(({ id, channels }) => [id, channels / 2]))

async function probabilities(network: Network): Promise<Float32Array> {
  const session = await createSession(writeOnnx(network), threads, network.name)
  const all: number[] = []
  for (const { images: data } of fitness) {
    const [logits] = (await runSession(session, data, shape)).values()
    all.push(...logits!.data)
  }
  await session.release()
  return softmaxRows(Float32Array.from(all), 10)
}

const reference = await probabilities(subject.network)
await takeTurns(async () => {
  const candidate = await recalibrate(pruneSubject(subject, widths), calibration, threads)
  meanDivergence(reference, await probabilities(candidate), 10)
})
