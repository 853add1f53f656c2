import type { Option } from './options'

/** Options that several commands share. */

export const string = (value: string, about: string): Option => ({ type: 'string', value, about })

export const seed = string('N', 'seed of everything random (0)')
export const engine = string('NAME', 'tensorflow or wasm: force an engine')
export const precision = string('NAME', 'of training: float32 | bfloat16 (the fastest this processor has)')
export const data = string('DATA', 'sample | cifar10:DIR | cifar100:DIR | images:DIR')
export const normalize = string('HOW', 'imagenet | cifar10 | unit | half | MEAN/STD (detected when absent)')
export const trainImages = string('N', 'training images per epoch (all)')

/** Only what was given; zod fills in the rest. */
export const given = <T extends object>(object: T): T =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T
