import type { NetworkBuilder } from '../builder'

/** From this height on images are ILSVRC's, and networks that have two forms take the one for them. */
export const largeInput = 128

/** Convolution, BN and, unless it is the last before an addition, ReLU: `NAME.conv`, `NAME.bn`, `NAME.relu`. */
export function convNormRelu(
  builder: NetworkBuilder,
  name: string,
  input: string,
  [inputs, outputs]: readonly [number, number],
  kernel: number,
  { stride = 1, relu = true, epsilon = 1e-5 } = {},
): string {
  const conv = builder.conv(`${name}.conv`, input, inputs, outputs, kernel, stride)
  const normed = builder.batchNorm(`${name}.bn`, conv, outputs, epsilon)
  return relu ? builder.node('Relu', `${name}.relu`, [normed]) : normed
}

/** BN, then ReLU: what comes before a convolution where activation comes first. */
export const normRelu = (builder: NetworkBuilder, name: string, input: string, channels: number): string =>
  builder.node('Relu', `${name}.relu`, [builder.batchNorm(`${name}.bn`, input, channels)])

/** Square pooling; `pads` before and behind, per spatial axis. */
export const pool = (
  builder: NetworkBuilder,
  op: 'MaxPool' | 'AveragePool',
  name: string,
  input: string,
  kernel: number,
  stride: number,
  [before, behind]: readonly [number, number] = [0, 0],
): string =>
  builder.node(op, name, [input], {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [before, before, behind, behind],
  })

/** Global average pooling, flattened to [N, C]. */
export const pooledFeatures = (builder: NetworkBuilder, input: string): string =>
  builder.node('Flatten', 'flatten', [builder.node('GlobalAveragePool', 'pool', [input])], { axis: 1 })
