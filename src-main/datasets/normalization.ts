import { fail, type LupineError } from '../core/failure'
import type { Normalization } from './dataset'

/** By name, for pixels scaled to 0…1 in the order red, green, blue. */
export const normalizationPresets: Readonly<Record<string, Normalization>> = {
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  cifar10: { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  unit: { mean: [0, 0, 0], std: [1, 1, 1] },
  half: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
}

const usage = (message: string): LupineError =>
  fail(
    'usage',
    'normalize-syntax',
    message,
    `Give ${Object.keys(normalizationPresets).join(', ')}, or MEAN/STD on the 0…1 scale: 0.48,0.45,0.4/0.22,0.22,0.22 or 0.5/0.25.`,
  )

/**
 * Reads a preset's name or MEAN/STD: one number for all channels or one per channel.
 * A network that takes raw bytes: 0/0.00392157.
 * @throws LupineError usage 'normalize-syntax'
 */
export function parseNormalization(text: string, channels = 3): Normalization {
  const preset = Object.hasOwn(normalizationPresets, text) ? normalizationPresets[text] : undefined
  if (preset) return { mean: preset.mean.slice(0, channels), std: preset.std.slice(0, channels) }
  const halves = text.split('/')
  if (halves.length !== 2) throw usage(`The normalisation "${text}" is neither a known name nor MEAN/STD.`)
  const mean = parseNumbers(text, 'mean', halves[0], channels)
  const std = parseNumbers(text, 'standard deviation', halves[1], channels)
  if (std.some((s) => s <= 0)) throw usage(`The normalisation "${text}" has a standard deviation that isn't positive.`)
  if ([...mean, ...std].some((v) => Math.abs(v) > 10))
    throw usage(`The normalisation "${text}" looks like the 0…255 scale: divide its numbers by 255.`)
  return { mean, std }
}

/** The preset's name where there is one, else MEAN/STD; `parseNormalization` reads it back unchanged. */
export function formatNormalization({ mean, std }: Normalization): string {
  for (const [name, preset] of Object.entries(normalizationPresets))
    if (startsWith(preset.mean, mean) && startsWith(preset.std, std)) return name
  return `${formatNumbers(mean)}/${formatNumbers(std)}`
}

function parseNumbers(text: string, what: string, part: string, channels: number): number[] {
  const numbers = part.split(',').map((item) => (item.trim() === '' ? NaN : Number(item)))
  if (!numbers.every(Number.isFinite)) throw usage(`The ${what} in "${text}" is not a list of numbers: "${part}".`)
  if (numbers.length === 1) return Array.from({ length: channels }, () => numbers[0])
  if (numbers.length !== channels)
    throw usage(`The ${what} in "${text}" has ${numbers.length} numbers; the images have ${channels} channels.`)
  return numbers
}

const formatNumbers = (values: readonly number[]): string =>
  values.every((v) => v === values[0]) ? String(values[0]) : values.join(',')

const startsWith = (whole: readonly number[], part: readonly number[]): boolean =>
  part.length > 0 && part.every((v, i) => v === whole[i])
