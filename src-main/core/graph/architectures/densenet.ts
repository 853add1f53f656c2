import { createRandom } from '../../statistics/random'
import { NetworkBuilder } from '../builder'
import type { Network } from '../network'
import { normRelu, pool, pooledFeatures } from './forms'

const growth = 12

/**
 * DenseNet-40 with growth 12, without bottlenecks or compression (Huang et al., CVPR 2017): 16 channels at first, three
 * blocks of twelve layers (1,019,722 parameters and 264.8 M MACs at ten classes; published 1.0 M, and 1.02 M by Network
 * Slimming, whose 5.33·10⁸ count each multiply-accumulate twice and BN as well).
 *
 * @param input channels, height, width
 */
export function createDensenet(depth: 40, classes: number, input: readonly number[], seed: number): Network {
  const builder = new NetworkBuilder(createRandom(seed))
  const layers = (depth - 4) / 3
  let x = builder.conv('conv1', 'input', input[0]!, 16, 3)
  let channels = 16
  for (let block = 1; block <= 3; block++) {
    for (let layer = 0; layer < layers; layer++) {
      const name = `block${block}.${layer}`
      const grown = builder.conv(`${name}.conv`, normRelu(builder, name, x, channels), channels, growth, 3)
      x = builder.node('Concat', `${name}.concat`, [x, grown], { axis: 1 })
      channels += growth
    }
    const name = `transition${block}`
    if (block === 3) continue
    const mixed = builder.conv(`${name}.conv`, normRelu(builder, name, x, channels), channels, channels, 1)
    x = pool(builder, 'AveragePool', `${name}.pool`, mixed, 2, 2)
  }
  const features = pooledFeatures(builder, normRelu(builder, 'final', x, channels))
  return builder.finish(`densenet${depth}`, input, builder.dense('classifier', features, channels, classes), classes)
}
