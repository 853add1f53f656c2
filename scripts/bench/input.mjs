/** `npm run bench:input`: see README.md here. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { build } from 'vite'
import { buildOrExit } from '../launch/build.mjs'
import { setUpTensorflow } from '../setup/tensorflow.mjs'
import { withForeignLoad } from './quiet.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const root = dirname(dirname(here))
const say = (line) => process.stderr.write(`${line}\n`)
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    data: { type: 'string', default: 'sample' },
    rounds: { type: 'string', default: '5' },
    images: { type: 'string', default: '1000' },
  },
})
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1]

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
const outDir = join(root, 'out', 'bench')
await build({
  configFile: false,
  root,
  logLevel: 'error',
  build: {
    ...{ ssr: join(here, 'input.ts'), outDir, emptyOutDir: false, target: 'node20', minify: false },
    rollupOptions: { output: { entryFileNames: 'input.mjs' } },
  },
})
const folder = mkdtempSync(join(tmpdir(), 'lupine-bench-input-'))
try {
  say(`Writing ${values.images} JPEGs of 224 × 224`)
  await writeFolder(folder, Number(values.images))
  say(`Measuring: training on ${values.data}, then the folder, ${values.rounds} rounds`)
  const env = { ...process.env, UV_THREADPOOL_SIZE: String(availableParallelism() + 2), TF_CPP_MIN_LOG_LEVEL: '2' }
  const child = spawn(process.execPath, [join(outDir, 'input.mjs'), values.data, folder, values.rounds], {
    stdio: ['ignore', 'pipe', 'inherit'],
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
  const result = {
    data: values.data,
    cpu: `${cpus()[0]?.model ?? ''}, ${availableParallelism()} threads`,
    engine: { idle: engine.idle, imagesPerSecond: engine.imagesPerSecond },
    folder: {
      loader: median(rates.map(({ loader }) => loader)),
      decoding: median(rates.map(({ decoding }) => decoding)),
      cropping: median(rates.map(({ cropping }) => cropping)),
      ratio: median(rates.map(({ loader, cropping }) => loader / cropping)),
    },
    foreign,
  }
  if (values.json) console.log(JSON.stringify(result))
  else {
    const { idle, imagesPerSecond } = result.engine
    console.log(
      `Training ResNet-20 on ${values.data}: the engine waits ${(100 * idle).toFixed(2)} % of the time (${imagesPerSecond.toFixed(0)} images/s)`,
    )
    const { loader, decoding, cropping, ratio } = result.folder
    console.log(`Folder of JPEGs: ${loader.toFixed(0)} images/s, randomly cropped, mirrored and normalised`)
    console.log(
      `sharp alone: ${decoding.toFixed(0)} images/s decoded, ${cropping.toFixed(0)} decoded and cropped alike`,
    )
    console.log(`The loader reaches ${(100 * ratio).toFixed(0)} % of sharp decoding and cropping`)
  }
  // The sum runs over the whole time: single rounds may have been quiet.
  if (foreign > 0.1)
    say(`Others took ${(100 * foreign).toFixed(0)} % of the machine meanwhile: take these figures with care.`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
