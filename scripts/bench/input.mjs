/** `npm run bench:input`: see README.md here. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { bundle } from '../bundle.mjs'
import { buildOrExit } from '../launch/build.mjs'
import { setUpTensorflow } from '../setup/tensorflow.mjs'
import { median } from './contest.mjs'
import { withForeignLoad } from './quiet.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const say = (line) => process.stderr.write(`${line}\n`)
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    data: { type: 'string', default: 'sample' },
    rounds: { type: 'string', default: '5' },
    images: { type: 'string', default: '1000' },
  },
})

/** Photograph-like JPEGs, 224 × 224 at quality 90: smooth shapes with noise, about 20 kB each. */
async function writeFolder(folder, count) {
  mkdirSync(join(folder, 'train', 'all'), { recursive: true })
  for (const part of ['val', 'test']) mkdirSync(join(folder, part, 'all'), { recursive: true })
  let seed = 1
  const next = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32
  for (let i = 0; i < count; i++) {
    const [a, b, c] = [next() * 6, next() * 6, next() * 6]
    const pixels = Uint8Array.from({ length: 224 * 224 * 3 }, (_, p) => {
      const [x, y] = [(Math.floor(p / 3) % 224) / 224, Math.floor(p / 672) / 224]
      return 128 + 70 * Math.sin(a + 9 * x * (p % 3)) * Math.cos(b + 7 * y + c) + 40 * (next() - 0.5)
    })
    const image = sharp(pixels, { raw: { width: 224, height: 224, channels: 3 } }).jpeg({ quality: 90 })
    await image.clone().toFile(join(folder, 'train', 'all', `${i}.jpg`))
    if (i === 0) for (const part of ['val', 'test']) await image.clone().toFile(join(folder, part, 'all', '0.jpg'))
  }
}

await buildOrExit(root)
const tensorflow = await setUpTensorflow({ say })
if (!tensorflow.ok) {
  say(`${tensorflow.reason} ${tensorflow.hint}`)
  process.exit(1)
}
const program = await bundle('scripts/bench/input.ts')
const folder = mkdtempSync(join(tmpdir(), 'lupine-bench-input-'))
try {
  say(`Writing ${values.images} JPEGs of 224 × 224`)
  await writeFolder(folder, Number(values.images))
  say(`Measuring: training on ${values.data}, then the folder, ${values.rounds} rounds`)
  const env = { ...process.env, UV_THREADPOOL_SIZE: String(availableParallelism() + 2), TF_CPP_MIN_LOG_LEVEL: '2' }
  const child = spawn(process.execPath, [program, values.data, folder, values.rounds], {
    // It ends when its stdin does: with this process.
    stdio: ['pipe', 'pipe', 'inherit'],
    env,
  })
  let text = ''
  child.stdout.on('data', (chunk) => (text += chunk))
  const { value: code, foreign } = await withForeignLoad(
    [child.pid],
    () => new Promise((resolve) => child.once('close', resolve)),
  )
  if (code !== 0) process.exit(1)
  const { engine, rates } = JSON.parse(text.trim().split('\n').at(-1))
  const of = (rounds, value) => median(rounds.map(value))
  const result = {
    data: values.data,
    cpu: `${cpus()[0]?.model ?? ''}, ${availableParallelism()} threads`,
    engine: {
      idle: of(engine, ({ waiting, working }) => waiting / (waiting + working)),
      imagesPerSecond: of(engine, ({ waiting, working }) => 128_000 / (waiting + working)),
      // A step beside the loader against one without it: what it takes of the engine's cores.
      slowdown: of(engine, ({ working, alone }) => working / alone - 1),
    },
    folder: {
      loader: of(rates, ({ loader }) => loader.rate),
      cropping: of(rates, ({ cropping }) => cropping.rate),
      decoding: of(rates, ({ decoding }) => decoding.rate),
      ratio: of(rates, ({ loader, cropping }) => loader.rate / cropping.rate),
      cpuMilliseconds: {
        loader: of(rates, ({ loader }) => loader.cpu),
        cropping: of(rates, ({ cropping }) => cropping.cpu),
        ratio: of(rates, ({ loader, cropping }) => cropping.cpu / loader.cpu),
      },
    },
    foreign,
  }
  if (values.json) console.log(JSON.stringify(result))
  else {
    const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)} %`
    const { idle, imagesPerSecond, slowdown } = result.engine
    console.log(`Training ResNet-20 on ${values.data}, batch 128: ${imagesPerSecond.toFixed(0)} images/s`)
    console.log(
      `  the engine is idle ${percent(idle, 2)} of the time, waiting between two steps for a batch or anything else`,
    )
    console.log(
      `  a step takes ${percent(slowdown, 1)} longer beside the loader than on a batch that is simply in memory`,
    )
    const { loader, cropping, decoding, ratio, cpuMilliseconds } = result.folder
    console.log(
      `Folder of JPEGs, 224 × 224: ${loader.toFixed(0)} images/s randomly cropped, mirrored, normalised, in batches`,
    )
    console.log(
      `  sharp alone on all cores: ${cropping.toFixed(0)} with the same crops, ${decoding.toFixed(0)} only decoded`,
    )
    console.log(`  the loader reaches ${percent(ratio)} of sharp with the same crops, by the clock;`)
    console.log(
      `  by CPU time ${percent(cpuMilliseconds.ratio)}: ${cpuMilliseconds.loader.toFixed(2)} ms per image, sharp ${cpuMilliseconds.cropping.toFixed(2)} ms`,
    )
  }
  // The sum runs over the whole time: single rounds may have been quiet.
  if (foreign > 0.1)
    say(`Others took ${(100 * foreign).toFixed(0)} % of the machine meanwhile: take these figures with care.`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
