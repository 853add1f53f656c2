import { fail } from '../../failure'
import type { Network } from '../network'
import { createDensenet } from './densenet'
import { createGooglenet } from './googlenet'
import { createMobileNetV2 } from './mobilenet'
import { createPreactivation } from './preactivation'
import { createResidual } from './residual'
import { createResnet } from './resnet'
import { createVgg } from './vgg'

export { createMobileNetV2 } from './mobilenet'
export { createResnet } from './resnet'
export { createVgg } from './vgg'

/** Channels, height, width. */
export type InputSize = readonly number[]

type Create = (classes: number, input: InputSize, seed: number) => Network

const resnet =
  (depth: number): Create =>
  (...size) =>
    createResnet(depth, ...size)
const residual =
  (depth: Parameters<typeof createResidual>[0]): Create =>
  (...size) =>
    createResidual(depth, ...size)

/** By name, as on the command line. */
const architectures: Readonly<Record<string, Create>> = {
  vgg16: (...size) => createVgg(16, ...size),
  vgg19: (...size) => createVgg(19, ...size),
  googlenet: createGooglenet,
  resnet20: resnet(20),
  resnet32: resnet(32),
  resnet44: resnet(44),
  resnet56: resnet(56),
  resnet110: resnet(110),
  resnet164: (...size) => createPreactivation(164, ...size),
  densenet40: (...size) => createDensenet(40, ...size),
  mobilenetv2: createMobileNetV2,
  resnet18: residual(18),
  resnet34: residual(34),
  resnet50: residual(50),
  resnet101: residual(101),
  resnet152: residual(152),
}

/** What `createArchitecture` knows. */
export const architectureNames: readonly string[] = Object.keys(architectures)

/**
 * A fresh network by name; CIFAR's or ILSVRC's form by input size where there are two.
 * @throws LupineError usage 'architecture-unknown', 'input-too-small'
 */
export function createArchitecture(name: string, classes: number, input: InputSize, seed: number): Network {
  const create = Object.hasOwn(architectures, name) ? architectures[name] : undefined
  if (!create)
    throw fail(
      'usage',
      'architecture-unknown',
      `There is no network "${name}".`,
      `Use one of: ${architectureNames.join(', ')}.`,
    )
  if (Math.min(input[1]!, input[2]!) < 32)
    throw fail(
      'usage',
      'input-too-small',
      `${name} halves its input up to five times: ${input.join('x')} is too small.`,
      'Use images of 32 pixels a side or more.',
    )
  return create(classes, input, seed)
}
