import { createRandom } from '../../statistics/random'
import { NetworkBuilder } from '../builder'
import type { Network } from '../network'

/** Expansion, output channels, blocks, stride (Sandler et al., CVPR 2018, table 2). */
const settings = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const

/**
 * MobileNetV2 1.0 (3,504,872 parameters and 300.8 M MACs at 1,000 classes and 224×224). For inputs below 64 pixels the
 * first two strides are 1, as is usual on CIFAR.
 *
 * @param input channels, height, width
 */
export function createMobileNetV2(classes: number, input: readonly number[], seed: number): Network {
  const builder = new NetworkBuilder(createRandom(seed))
  const small = input[1]! < 64
  const relu6 = (name: string, x: string): string =>
    builder.node('Clip', `${name}.relu6`, [
      x,
      builder.constant(`${name}.min`, [], Float32Array.of(0)),
      builder.constant(`${name}.max`, [], Float32Array.of(6)),
    ])
  const pointwise = (name: string, x: string, inputs: number, outputs: number): string =>
    builder.batchNorm(`${name}.bn`, builder.conv(`${name}.conv`, x, inputs, outputs, 1), outputs)
  let channels = 32
  const stem = builder.conv('stem.conv', 'input', input[0]!, channels, 3, small ? 1 : 2)
  let x = relu6('stem', builder.batchNorm('stem.bn', stem, channels))
  for (const [group, [expansion, outputs, blocks, firstStride]] of settings.entries())
    for (let block = 0; block < blocks; block++) {
      const name = `block${group + 1}.${block}`
      const stride = block > 0 || (small && group === 1) ? 1 : firstStride
      const hidden = channels * expansion
      const expanded = expansion === 1 ? x : relu6(`${name}.expand`, pointwise(`${name}.expand`, x, channels, hidden))
      const deep = builder.depthwise(`${name}.depthwise.conv`, expanded, hidden, 3, stride)
      const activated = relu6(`${name}.depthwise`, builder.batchNorm(`${name}.depthwise.bn`, deep, hidden))
      const projected = pointwise(`${name}.project`, activated, hidden, outputs)
      x = stride === 1 && channels === outputs ? builder.node('Add', `${name}.add`, [x, projected]) : projected
      channels = outputs
    }
  x = relu6('head', pointwise('head', x, channels, 1280))
  const pooled = builder.node('Flatten', 'flatten', [builder.node('GlobalAveragePool', 'pool', [x])], { axis: 1 })
  return builder.finish('mobilenetv2', input, builder.dense('classifier', pooled, 1280, classes), classes)
}
