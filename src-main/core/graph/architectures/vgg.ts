import { createRandom } from '../../statistics/random'
import { NetworkBuilder } from '../builder'
import type { Network } from '../network'
import { largeInput } from './forms'

/** Convolutions per stage (Simonyan & Zisserman, ICLR 2015, table 1, D and E). */
const stages = { 16: [2, 2, 3, 3, 3], 19: [2, 2, 4, 4, 4] } as const
const widths = [64, 128, 256, 512, 512]

/**
 * VGG with BN: for small inputs (CIFAR) global average pooling and one dense layer, as in Network Slimming and ABCPruner
 * (VGG-16: 14.72 M parameters, 313.2 M MACs); for large ones two dense layers of 4096 (138.4 M parameters).
 *
 * @param input channels, height, width
 */
export function createVgg(depth: 16 | 19, classes: number, input: readonly number[], seed: number): Network {
  const builder = new NetworkBuilder(createRandom(seed))
  let x = 'input'
  let channels = input[0]!
  const large = input[1]! >= largeInput
  for (const [stage, count] of stages[depth].entries()) {
    const width = widths[stage]!
    for (let i = 0; i < count; i++) {
      const name = `stage${stage + 1}.${i}`
      const normed = builder.batchNorm(`${name}.bn`, builder.conv(`${name}.conv`, x, channels, width, 3), width)
      x = builder.node('Relu', `${name}.relu`, [normed])
      channels = width
    }
    const last = stage === widths.length - 1
    // A small network averages what the fifth stage gives instead of halving it again.
    if (!last || large)
      x = builder.node('MaxPool', `pool${stage + 1}`, [x], {
        kernel_shape: [2, 2],
        strides: [2, 2],
        pads: [0, 0, 0, 0],
      })
  }
  if (!large) x = builder.node('GlobalAveragePool', 'pool5', [x])
  x = builder.node('Flatten', 'flatten', [x], { axis: 1 })
  let features = large ? channels * Math.floor(input[1]! / 32) * Math.floor(input[2]! / 32) : channels
  for (const name of large ? ['fc6', 'fc7'] : []) {
    x = builder.node('Relu', `${name}.relu`, [builder.dense(name, x, features, 4096)])
    features = 4096
  }
  return builder.finish(`vgg${depth}`, input, builder.dense('classifier', x, features, classes), classes)
}
