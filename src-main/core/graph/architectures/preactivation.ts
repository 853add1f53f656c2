import { createRandom } from '../../statistics/random'
import { NetworkBuilder } from '../builder'
import type { Network } from '../network'
import { normRelu, pooledFeatures } from './forms'

/**
 * ResNet-164 as pruned by Network Slimming and the Loss-Driven letter: pre-activation bottlenecks (He et al., ECCV 2016),
 * 9n + 2 layers in three stages of inner widths 16/32/64, projections at the stages' beginnings (1,703,258 parameters and
 * 247.6 M MACs at ten classes; published 1.70 M, and 4.99·10⁸ that count each multiply-accumulate twice and BN as well).
 *
 * @param input channels, height, width
 */
export function createPreactivation(depth: 164, classes: number, input: readonly number[], seed: number): Network {
  const builder = new NetworkBuilder(createRandom(seed))
  const blocks = (depth - 2) / 9
  let x = builder.conv('conv1', 'input', input[0]!, 16, 3)
  let channels = 16
  for (const [stage, width] of [16, 32, 64].entries())
    for (let index = 0; index < blocks; index++) {
      const name = `layer${stage + 1}.${index}`
      const stride = stage > 0 && index === 0 ? 2 : 1
      const outputs = width * 4
      let y = builder.conv(`${name}.conv1`, normRelu(builder, `${name}.1`, x, channels), channels, width, 1)
      y = builder.conv(`${name}.conv2`, normRelu(builder, `${name}.2`, y, width), width, width, 3, stride)
      y = builder.conv(`${name}.conv3`, normRelu(builder, `${name}.3`, y, width), width, outputs, 1)
      const shortcut =
        stride === 1 && channels === outputs ? x : builder.conv(`${name}.shortcut`, x, channels, outputs, 1, stride)
      x = builder.node('Add', `${name}.add`, [y, shortcut])
      channels = outputs
    }
  const features = pooledFeatures(builder, normRelu(builder, 'final', x, channels))
  return builder.finish(`resnet${depth}`, input, builder.dense('linear', features, channels, classes), classes)
}
