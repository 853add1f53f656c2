/** `npm run bench:train`: see README.md here. */
import { parseArgs } from 'node:util'
import { bundle } from '../bundle.mjs'
import { setUpTensorflow } from '../setup/tensorflow.mjs'
import { contest, contestant, median, pythonWithTorch, stop, torchScript } from './contest.mjs'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    network: { type: 'string', default: 'resnet20' },
    rounds: { type: 'string', default: '12' },
    steps: { type: 'string', default: '5' },
    batch: { type: 'string', default: '128' },
    threads: { type: 'string', default: '2' },
  },
})
const { network } = values
const [rounds, steps, batch, threads] = ['rounds', 'steps', 'batch', 'threads'].map((name) => Number(values[name]))
if (!['resnet20', 'resnet56', 'vgg16', 'mobilenetv2'].includes(network))
  stop(`There is no benchmark of "${network}". Use resnet20, resnet56, vgg16 or mobilenetv2.`)

const tensorflow = await setUpTensorflow({ say: (line) => process.stderr.write(`${line}\n`) })
if (!tensorflow.ok) stop(`${tensorflow.reason} ${tensorflow.hint}`)
const python = await pythonWithTorch()
const trainer = await bundle('scripts/bench/trainer.ts')
const torch = (layout) =>
  contestant(python, [torchScript('trainer.py'), network, String(batch), String(threads), layout], threads)
const own = (...precision) => contestant(process.execPath, [trainer, network, String(batch), ...precision], threads)
// In bfloat16 where the processor computes in it, as users have it; then PyTorch's autocast does, too.
const { times, ratio, between, hellos, ...rest } = await contest(
  {
    ...{ lupine: own(), float32: own('float32') },
    ...{ channelsLast: torch('channels_last'), bfloat16: torch('channels_last_bfloat16'), default: torch('default') },
  },
  'lupine',
  { rounds, steps, warmUp: 5 },
)
const imagesPerSecond = Object.fromEntries(
  Object.entries(times).map(([name, list]) => [name, (batch / median(list)) * 1000]),
)
const versions = { tensorflow: tensorflow.version, torch: hellos.channelsLast }
const alike = { float32: between('channelsLast', 'float32') }
const result = { network, batch, threads, versions, imagesPerSecond, ratio, alike, ...rest, milliseconds: times }
if (values.json) console.log(JSON.stringify(result))
else {
  for (const [name, rate] of Object.entries(imagesPerSecond))
    console.log(`${name.padEnd(14)} ${rate.toFixed(0)} images/s`)
  console.log(
    `${network}, batch ${batch}: Lupine is ${ratio.channelsLast.toFixed(2)} × PyTorch channels_last, ${ratio.bfloat16.toFixed(2)} × that under autocast to bfloat16, ${ratio.default.toFixed(2)} × its default layout; in float32 ${alike.float32.toFixed(2)} × channels_last`,
  )
}
