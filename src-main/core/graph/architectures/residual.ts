import { createRandom } from '../../statistics/random'
import { NetworkBuilder } from '../builder'
import type { Network } from '../network'
import { convNormRelu, largeInput, pool, pooledFeatures } from './forms'

/** Blocks per stage (He et al., CVPR 2016, table 1); from 50 layers on they are bottlenecks. */
const stages = { 18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3] } as const
export type ResidualDepth = keyof typeof stages

/**
 * The ResNets made for ILSVRC, with projections where a shortcut changes its width, and a stride in the 3×3 convolution
 * of a bottleneck ("v1.5", as torchvision has it: ResNet-50 25,557,032 parameters and 4.089 G MACs at 224×224). For
 * small inputs the stem is one 3×3 convolution, neither strided nor pooled, as is usual on CIFAR (ResNet-18: 11,173,962
 * parameters, 555.4 M MACs).
 *
 * @param input channels, height, width
 */
export function createResidual(depth: ResidualDepth, classes: number, input: readonly number[], seed: number): Network {
  const builder = new NetworkBuilder(createRandom(seed))
  const large = input[1]! >= largeInput
  const block = depth >= 50 ? bottleneck : basic
  let x = convNormRelu(builder, 'stem', 'input', [input[0]!, 64], large ? 7 : 3, { stride: large ? 2 : 1 })
  if (large) x = pool(builder, 'MaxPool', 'stem.pool', x, 3, 2, [1, 1])
  let channels = 64
  for (const [stage, blocks] of stages[depth].entries())
    for (let index = 0; index < blocks; index++) {
      const name = `layer${stage + 1}.${index}`
      const width = 64 * 2 ** stage
      const stride = stage > 0 && index === 0 ? 2 : 1
      const outputs = depth >= 50 ? width * 4 : width
      const inner = block(builder, name, x, channels, width, stride)
      const shortcut =
        stride === 1 && channels === outputs
          ? x
          : convNormRelu(builder, `${name}.shortcut`, x, [channels, outputs], 1, { stride, relu: false })
      x = builder.node('Relu', `${name}.relu`, [builder.node('Add', `${name}.add`, [inner, shortcut])])
      channels = outputs
    }
  const features = pooledFeatures(builder, x)
  return builder.finish(`resnet${depth}`, input, builder.dense('fc', features, channels, classes), classes)
}

type Block = (b: NetworkBuilder, name: string, x: string, inputs: number, width: number, stride: number) => string

const basic: Block = (builder, name, x, inputs, width, stride) => {
  const inner = convNormRelu(builder, `${name}.1`, x, [inputs, width], 3, { stride })
  return convNormRelu(builder, `${name}.2`, inner, [width, width], 3, { relu: false })
}

const bottleneck: Block = (builder, name, x, inputs, width, stride) => {
  const reduced = convNormRelu(builder, `${name}.1`, x, [inputs, width], 1)
  const inner = convNormRelu(builder, `${name}.2`, reduced, [width, width], 3, { stride })
  return convNormRelu(builder, `${name}.3`, inner, [width, width * 4], 1, { relu: false })
}
