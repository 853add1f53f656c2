import { createRandom } from '../../statistics/random'
import { NetworkBuilder } from '../builder'
import type { Network } from '../network'
import { convNormRelu, largeInput, pool, pooledFeatures } from './forms'

/** 1×1; 3×3 reduce and 3×3; 5×5 reduce and 5×5; projection behind the pool (Szegedy et al., CVPR 2015, table 1). */
const inceptions = {
  '3a': [64, 96, 128, 16, 32, 32],
  '3b': [128, 128, 192, 32, 96, 64],
  '4a': [192, 96, 208, 16, 48, 64],
  '4b': [160, 112, 224, 24, 64, 64],
  '4c': [128, 128, 256, 24, 64, 64],
  '4d': [112, 144, 288, 32, 64, 64],
  '4e': [256, 160, 320, 32, 128, 128],
  '5a': [256, 160, 320, 32, 128, 128],
  '5b': [384, 192, 384, 48, 128, 128],
} as const

/**
 * GoogLeNet with BN, without auxiliary classifiers. Large inputs: torchvision's (6,624,904 parameters and 1.498 G MACs
 * at 1,000 classes and 224×224; its "5×5" is a 3×3). Small ones: the form that ABCPruner and HRank prune, one 3×3
 * convolution of 192 channels for a stem and two 3×3 for each 5×5 (published 6.15 M parameters and 1.52 G MACs at 32×32;
 * 6,166,250 parameters where convolutions also have the biases that BN cancels, which are left out here).
 *
 * @param input channels, height, width
 */
export function createGooglenet(classes: number, input: readonly number[], seed: number): Network {
  const builder = new NetworkBuilder(createRandom(seed))
  const large = input[1]! >= largeInput
  let channels = 192
  let x = large ? largeStem(builder, input[0]!) : convNormRelu(builder, 'stem', 'input', [input[0]!, channels], 3)
  for (const [name, widths] of Object.entries(inceptions)) {
    x = inception(builder, `inception${name}`, x, channels, widths, large)
    channels = widths[0] + widths[2] + widths[4] + widths[5]
    // Torchvision pools its way to 7×7 over the last, partial window too.
    if (name === '3b') x = pool(builder, 'MaxPool', 'pool3', x, 3, 2, large ? [0, 1] : [1, 1])
    if (name === '4e')
      x = large ? pool(builder, 'MaxPool', 'pool4', x, 2, 2) : pool(builder, 'MaxPool', 'pool4', x, 3, 2, [1, 1])
  }
  const features = pooledFeatures(builder, x)
  return builder.finish('googlenet', input, builder.dense('classifier', features, channels, classes), classes)
}

/** Of torchvision's BN in this network. */
const epsilon = 1e-3

function largeStem(builder: NetworkBuilder, inputs: number): string {
  const first = convNormRelu(builder, 'stem.1', 'input', [inputs, 64], 7, { stride: 2, epsilon })
  const pooled = pool(builder, 'MaxPool', 'stem.pool1', first, 3, 2, [0, 1])
  const second = convNormRelu(builder, 'stem.2', pooled, [64, 64], 1, { epsilon })
  const third = convNormRelu(builder, 'stem.3', second, [64, 192], 3, { epsilon })
  return pool(builder, 'MaxPool', 'stem.pool2', third, 3, 2, [0, 1])
}

function inception(
  builder: NetworkBuilder,
  name: string,
  x: string,
  inputs: number,
  [one, reduce3, three, reduce5, five, projection]: (typeof inceptions)[keyof typeof inceptions],
  large: boolean,
): string {
  const layer = (suffix: string, from: string, sizes: readonly [number, number], kernel: number) =>
    convNormRelu(builder, `${name}.${suffix}`, from, sizes, kernel, large ? { epsilon } : {})
  const branch1 = layer('branch1', x, [inputs, one], 1)
  const branch3 = layer('branch3.2', layer('branch3.1', x, [inputs, reduce3], 1), [reduce3, three], 3)
  let branch5 = layer('branch5.2', layer('branch5.1', x, [inputs, reduce5], 1), [reduce5, five], 3)
  if (!large) branch5 = layer('branch5.3', branch5, [five, five], 3)
  const pooled = pool(builder, 'MaxPool', `${name}.pool`, x, 3, 1, [1, 1])
  const branchPool = layer('branchpool', pooled, [inputs, projection], 1)
  return builder.node('Concat', `${name}.concat`, [branch1, branch3, branch5, branchPool], { axis: 1 })
}
