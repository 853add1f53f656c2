/**
 * The measuring half of `npm run bench:input`: argv DATA FOLDER ROUNDS; prints JSON. In a process of its own, because
 * libuv's pool must be sized before the process starts.
 */
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { createResnet } from '../../src-main/core/graph/architectures'
import type { Split } from '../../src-main/datasets/dataset'
import { openLoader } from '../../src-main/datasets/loading/loader'
import { LoaderThreads } from '../../src-main/datasets/loading/threads'
import { openDataset, splitOf } from '../../src-main/datasets/open'
import { createOrder, inBatches, spread } from '../../src-main/datasets/order'
import { withMachine } from '../../src-main/devices/measuring/machine-lock'
import { openTensorFlow } from '../../src-main/engines/tensorflow/backend'
import { LoadedModel } from '../../src-main/engines/training/model'

const [address, folder, count] = process.argv.slice(2) as [string, string, string]
const rounds = Number(count)
const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }
const augment = { crop: 4, flip: true }
const threads = new LoaderThreads()

/** Share of the time in which the engine waits for its next batch, training ResNet-20 at batch 128. */
async function idle(steps: number): Promise<{ idle: number; imagesPerSecond: number }> {
  const data = await openDataset(address)
  const split = splitOf(data, 'train')
  const training = { momentum: 0.9, nesterov: true, weightDecay: 1e-4, distillation: 0, temperature: 1 }
  const shape = [data.channels, data.height, data.width]
  const model = new LoadedModel(openTensorFlow(), createResnet(20, data.classes.length, shape, 1), { training })
  const order = createOrder(split.size, {
    batch: 128,
    seed: 1,
    shuffle: true,
    dropLast: true,
    limit: (steps + 5) * 128,
  })
  const loader = openLoader(threads, split, { normalization: half, layout: 'NHWC', augment, seed: 1, replace: true })
  let [waiting, working, step] = [0, 0, 0]
  let since = performance.now()
  for await (const { images, labels } of loader.batches(order.epoch(1), 1)) {
    const got = performance.now()
    model.step(images, labels, 0.01)
    const done = performance.now()
    // The first steps prepare kernels.
    if (step++ >= 5) [waiting, working] = [waiting + got - since, working + done - got]
    await new Promise((resolve) => setImmediate(resolve))
    since = performance.now()
  }
  model.close()
  return { idle: waiting / (waiting + working), imagesPerSecond: ((step - 5) * 128_000) / (waiting + working) }
}

/** Images/s of the loader alone, augmenting for training at 224 × 224. */
async function loading(split: Split, epoch: number): Promise<number> {
  const start = performance.now()
  const loader = openLoader(threads, split, { normalization: half, layout: 'NHWC', augment, seed: 1, replace: true })
  for await (const batch of loader.batches(inBatches(spread(split.size), 64), epoch)) void batch
  loader.close()
  return split.size / ((performance.now() - start) / 1000)
}

/** Images/s of sharp alone on the same files, on all cores: decoding to pixels, and perhaps a crop of average size. */
async function decoding(paths: readonly string[], crops: boolean): Promise<number> {
  const size = { width: 224, height: 224 }
  sharp.concurrency(1)
  sharp.cache(false)
  const start = performance.now()
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < paths.length) {
      const image = sharp(paths[next++])
      if (crops) image.resize(305, 305, { fit: 'fill', kernel: 'linear' }).extract({ left: 40, top: 40, ...size })
      await image.raw().toBuffer()
    }
  }
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, worker))
  return paths.length / ((performance.now() - start) / 1000)
}

const result = await withMachine(async () => {
  const engine = await idle(40 * rounds)
  const { train } = (await openDataset(`images:${folder}`, { shape: { channels: 3, height: 224, width: 224 } })).splits
  const paths = readdirSync(join(folder, 'train', 'all')).map((name) => join(folder, 'train', 'all', name))
  const rates: { loader: number; decoding: number; cropping: number }[] = []
  // Turn about, so that a busy machine slows both; the first round warms the files up.
  for (let round = 0; round <= rounds; round++) {
    const decoded = await decoding(paths, false)
    const loaded = await loading(train, round)
    if (round > 0) rates.push({ loader: loaded, decoding: decoded, cropping: await decoding(paths, true) })
  }
  return { engine, rates }
})
await threads.close()
process.stdout.write(`${JSON.stringify(result)}\n`)
