/**
 * The measuring half of `npm run bench:input`: argv DATA FOLDER ROUNDS; prints JSON. In a process of its own, because
 * libuv's pool must be sized before the process starts.
 */
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import sharp from 'sharp'
import { createResnet } from '../../src-main/core/graph/architectures'
import { randomWindow, type Window } from '../../src-main/datasets/images/geometry'
import { openLoader, type Loader } from '../../src-main/datasets/loading/loader'
import { LoaderThreads } from '../../src-main/datasets/loading/threads'
import { openDataset, splitOf } from '../../src-main/datasets/open'
import { createOrder, inBatches, spread } from '../../src-main/datasets/order'
import { withMachine } from '../../src-main/devices/measuring/machine-lock'
import { openTensorFlow } from '../../src-main/engines/tensorflow/backend'
import { LoadedModel } from '../../src-main/engines/training/model'
import { parentGone, say } from './turns'

const [address, folder, count] = process.argv.slice(2) as [string, string, string]
const rounds = Number(count)
const side = 224
const size = { width: side, height: side }
const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }
const augment = { crop: 4, flip: true }
const seed = 1
const gone = parentGone()
const threads = new LoaderThreads()
const options = { normalization: half, layout: 'NHWC', augment, seed, replace: true } as const

/** Per round: milliseconds spent in steps and between them, and per step on a batch that is simply there. */
interface Idle {
  readonly working: number
  readonly waiting: number
  readonly alone: number
}

/**
 * Training ResNet-20 at batch 128, fed by the loader, and on one batch in memory, turn about. All that passes between
 * the end of a step and the beginning of the next is waiting: for the batch, for messages, for timers.
 */
async function idle(steps: number): Promise<Idle[]> {
  const data = await openDataset(address)
  const split = splitOf(data, 'train')
  const training = { momentum: 0.9, nesterov: true, weightDecay: 1e-4, distillation: 0, temperature: 1 }
  const shape = [data.channels, data.height, data.width]
  const model = new LoadedModel(openTensorFlow(), createResnet(20, data.classes.length, shape, 1), { training })
  // The first steps prepare kernels; the first of a round find batches that were read during the turn before.
  const settling = 3
  const perRound = steps + settling
  const batches: Uint32Array[] = []
  const order = createOrder(split.size, { batch: 128, seed, shuffle: true, dropLast: true })
  for (let epoch = 1; batches.length < perRound * (rounds + 1); epoch++) batches.push(...order.epoch(epoch))
  const loader = openLoader(threads, split, options)
  const results: Idle[] = []
  let [working, waiting, step] = [0, 0, 0]
  let since = performance.now()
  for await (const { images, labels } of loader.batches(batches.slice(0, perRound * (rounds + 1)), 1)) {
    gone.throwIfAborted()
    const start = performance.now()
    model.step(images, labels, 0.01)
    const end = performance.now()
    const counts = step % perRound >= settling
    if (counts) [waiting, working] = [waiting + start - since, working + end - start]
    since = end
    if (++step % perRound === 0) {
      const [own, ownLabels] = [images.slice(), labels.slice()]
      const begin = performance.now()
      for (let i = 0; i < steps; i++) model.step(own, ownLabels, 0.01)
      const alone = performance.now() - begin
      if (step > perRound) results.push({ working: working / steps, waiting: waiting / steps, alone: alone / steps })
      ;[working, waiting] = [0, 0]
      since = performance.now()
    }
    // As between steps of a training: other work of the process gets its turn.
    await setImmediate()
  }
  loader.close()
  model.close()
  return results
}

/** Images/s, and milliseconds of all CPUs per image: a busy machine spoils the first far more than the second. */
interface Rate {
  readonly rate: number
  readonly cpu: number
}

async function measured(images: number, work: () => Promise<void>): Promise<Rate> {
  gone.throwIfAborted()
  const [cpu, start] = [process.cpuUsage(), performance.now()]
  await work()
  const { user, system } = process.cpuUsage(cpu)
  return { rate: images / ((performance.now() - start) / 1000), cpu: (user + system) / 1000 / images }
}

/** The loader alone, augmenting for training at 224 × 224: one for all epochs, as a training has. */
const loading = (loader: Loader, images: number, epoch: number): Promise<Rate> =>
  measured(images, async () => {
    for await (const batch of loader.batches(inBatches(spread(images), 64), epoch)) void batch
  })

/** sharp alone on the same files, on all cores: decoding to pixels, and cut alike when there are windows. */
const decoding = (paths: readonly string[], windows?: readonly Window[]): Promise<Rate> =>
  measured(paths.length, async () => {
    sharp.concurrency(1)
    sharp.cache(false)
    let next = 0
    const worker = async (): Promise<void> => {
      while (next < paths.length) {
        const i = next++
        const image = sharp(paths[i])
        if (windows) {
          const { width, height, left, top } = windows[i]!
          image.resize(width, height, { fit: 'fill', kernel: 'linear' }).extract({ left, top, ...size })
        }
        await image.raw().toBuffer()
      }
    }
    await Promise.all(Array.from({ length: 2 * (availableParallelism() + 2) }, worker))
  })

const result = await withMachine(async () => {
  const engine = await idle(40)
  const { train } = (await openDataset(`images:${folder}`, { shape: { channels: 3, ...size } })).splits
  const names = readdirSync(join(folder, 'train', 'all')).sort()
  const paths = names.map((name) => join(folder, 'train', 'all', name))
  const windowsOf = (epoch: number) => paths.map((_, i) => randomWindow(size, side, side, seed, epoch, i))
  const opened = openLoader(threads, train, options)
  const rates: { loader: Rate; cropping: Rate; decoding: Rate }[] = []
  // Turn about, so that a busy machine slows all; the first round warms the files up.
  for (let round = 0; round <= rounds; round++) {
    const bare = () => decoding(paths, windowsOf(round))
    const first = round % 2 ? await bare() : undefined
    const loader = await loading(opened, train.size, round)
    const cropping = first ?? (await bare())
    if (round > 0) rates.push({ loader, cropping, decoding: await decoding(paths) })
  }
  return { engine, rates }
}, gone)
await threads.close()
say(result)
process.stdin.unref()
