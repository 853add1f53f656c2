import { fail } from '../../failure'
import type { Network } from '../network'
import { createMobileNetV2 } from './mobilenet'
import { createResnet } from './resnet'
import { createVgg } from './vgg'

export { createMobileNetV2 } from './mobilenet'
export { createResnet } from './resnet'
export { createVgg } from './vgg'

/** Channels, height, width. */
export type InputSize = readonly number[]

const names = ['resnet20', 'resnet32', 'resnet44', 'resnet56', 'resnet110', 'vgg16', 'vgg19', 'mobilenetv2']

/**
 * A fresh network by name; CIFAR's or ILSVRC's form by input size.
 * @throws LupineError usage 'architecture-unknown', 'input-too-small'
 */
export function createArchitecture(name: string, classes: number, input: InputSize, seed: number): Network {
  const [family, size] = [name.replace(/\d+$/, ''), Number(/\d+$/.exec(name)?.[0])]
  if (!names.includes(name))
    throw fail('usage', 'architecture-unknown', `There is no network "${name}".`, `Use one of: ${names.join(', ')}.`)
  if (Math.min(input[1]!, input[2]!) < 32)
    throw fail(
      'usage',
      'input-too-small',
      `${name} halves its input five times: ${input.join('x')} is too small.`,
      'Use images of 32 pixels a side or more.',
    )
  if (family === 'vgg') return createVgg(size === 19 ? 19 : 16, classes, input, seed)
  if (family === 'resnet') return createResnet(size, classes, input, seed)
  return createMobileNetV2(classes, input, seed)
}
