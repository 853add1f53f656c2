/** Writes the models that inspect.mjs measures; arguments: a folder. Prints their paths as JSON. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NetworkBuilder } from '../../src-main/core/graph/builder'
import type { Network } from '../../src-main/core/graph/network'
import { createRandom } from '../../src-main/core/statistics/random'
import { writeOnnx } from '../../src-main/formats/onnx/write'

/** Weights are not looked at: any values do. */
const flat = { ...createRandom(1), normal: () => 0.5 }

const block = (
  b: NetworkBuilder,
  name: string,
  x: string,
  inputs: number,
  outputs: number,
  kernel: number,
  stride = 1,
) =>
  b.node('Relu', `${name}.relu`, [b.batchNorm(`${name}.bn`, b.conv(name, x, inputs, outputs, kernel, stride), outputs)])

/** Bottleneck blocks 3, 4, 6, 3 (He et al., CVPR 2016): 25.5 M parameters. */
function resnet50(): Network {
  const b = new NetworkBuilder(flat)
  let x = b.node('MaxPool', 'pool', [block(b, 'conv1', 'input', 3, 64, 7, 2)], {
    kernel_shape: [2, 2],
    strides: [2, 2],
  })
  let width = 64
  for (const [stage, [count, inner]] of [
    [3, 64],
    [4, 128],
    [6, 256],
    [3, 512],
  ].entries())
    for (let i = 0; i < count!; i++) {
      const [name, stride, outputs] = [`layer${stage + 1}.${i}`, stage > 0 && i === 0 ? 2 : 1, inner! * 4]
      const y = block(b, `${name}.2`, block(b, `${name}.1`, x, width, inner!, 1), inner!, inner!, 3, stride)
      const branch = b.batchNorm(`${name}.bn3`, b.conv(`${name}.3`, y, inner!, outputs, 1), outputs)
      const shortcut =
        i > 0 ? x : b.batchNorm(`${name}.bns`, b.conv(`${name}.s`, x, width, outputs, 1, stride), outputs)
      x = b.node('Relu', `${name}.out`, [b.node('Add', `${name}.add`, [branch, shortcut])])
      width = outputs
    }
  const pooled = b.node('Flatten', 'flatten', [b.node('GlobalAveragePool', 'gap', [x])], { axis: 1 })
  return b.finish('resnet50', [3, 224, 224], b.dense('fc', pooled, width, 1000), 1000)
}

/** `layers` equal blocks, `width` channels each. */
function chain(name: string, layers: number, width: number): Network {
  const b = new NetworkBuilder(flat)
  let x = block(b, 'first', 'input', 3, width, 3)
  for (let i = 1; i < layers; i++) x = block(b, `block${i}`, x, width, width, 3)
  const pooled = b.node('Flatten', 'flatten', [b.node('GlobalAveragePool', 'gap', [x])], { axis: 1 })
  return b.finish(name, [3, 32, 32], b.dense('fc', pooled, width, 10), 10)
}

const folder = process.argv[2]!
const models = {
  resnet50: resnet50(),
  hundredMegabytes: chain('100 MB', 12, 500),
  thousandLayers: chain('1000', 1000, 32),
}
const paths = Object.entries(models).map(([name, network]) => {
  const path = join(folder, `${name}.onnx`)
  writeFileSync(path, writeOnnx(network))
  return [name, path]
})
console.log(JSON.stringify(Object.fromEntries(paths)))
