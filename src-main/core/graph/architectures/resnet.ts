import { createRandom } from '../../statistics/random'
import { NetworkBuilder } from '../builder'
import type { Network } from '../network'

/**
 * A CIFAR ResNet of depth 6n + 2 with option-A shortcuts (He et al., CVPR 2016, section 4.2): widths 16/32/64, basic
 * blocks, global average pooling, one dense layer.
 *
 * @param input channels, height, width
 */
export function createResnet(depth: number, classes: number, input: readonly number[], seed: number): Network {
  const builder = new NetworkBuilder(createRandom(seed))
  const blocks = (depth - 2) / 6
  let width = 16
  let x = relu(
    builder,
    'stem.relu',
    builder.batchNorm('bn1', builder.conv('conv1', 'input', input[0]!, width, 3), width),
  )
  for (const [stage, outputs] of [16, 32, 64].entries())
    for (let block = 0; block < blocks; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1
      x = basicBlock(builder, `layer${stage + 1}.${block}`, x, width, outputs, stride)
      width = outputs
    }
  const pooled = builder.node('Flatten', 'flatten', [builder.node('GlobalAveragePool', 'pool', [x])], { axis: 1 })
  return builder.finish(`resnet${depth}`, input, builder.dense('linear', pooled, width, classes), classes)
}

const relu = (builder: NetworkBuilder, name: string, input: string): string => builder.node('Relu', name, [input])

function basicBlock(
  builder: NetworkBuilder,
  name: string,
  input: string,
  inputs: number,
  outputs: number,
  stride: number,
): string {
  let y = builder.batchNorm(`${name}.bn1`, builder.conv(`${name}.conv1`, input, inputs, outputs, 3, stride), outputs)
  y = relu(builder, `${name}.relu1`, y)
  y = builder.batchNorm(`${name}.bn2`, builder.conv(`${name}.conv2`, y, outputs, outputs, 3), outputs)
  const shortcut =
    stride === 1 && inputs === outputs ? input : optionA(builder, `${name}.shortcut`, input, inputs, outputs, stride)
  return relu(builder, `${name}.relu2`, builder.node('Add', `${name}.add`, [y, shortcut]))
}

/** Every stride-th pixel, and zeros for the channels that are new, half before and half behind. */
function optionA(
  builder: NetworkBuilder,
  name: string,
  input: string,
  inputs: number,
  outputs: number,
  stride: number,
): string {
  const integers = (suffix: string, values: number[]) => builder.integers(`${name}.${suffix}`, values)
  const sliced = builder.node('Slice', `${name}.slice`, [
    input,
    integers('starts', [0, 0]),
    integers('ends', [2 ** 31, 2 ** 31]),
    integers('axes', [2, 3]),
    integers('steps', [stride, stride]),
  ])
  const extra = outputs - inputs
  const before = Math.floor(extra / 2)
  const pads = integers('pads', [0, before, 0, 0, 0, extra - before, 0, 0])
  return builder.node('Pad', `${name}.pad`, [sliced, pads], { mode: 'constant' })
}
