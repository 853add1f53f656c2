import { parseArgs } from 'node:util'
import type { Budget } from '../contract'
import { fail } from '../core/failure'

/** One option of a command. */
export interface Option {
  readonly type: 'string' | 'boolean'
  readonly multiple?: boolean
  /** What --help shows behind the name ("FILE"). */
  readonly value?: string
  readonly about: string
}

export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

/**
 * @param positionals their names; one in [brackets] may be left out
 * @throws LupineError kind 'usage' 'option-unknown', 'argument-missing', 'argument-extra'
 */
export function parseCommandLine(
  command: string,
  args: readonly string[],
  options: Readonly<Record<string, Option>>,
  positionals: readonly string[],
): { values: Values; positionals: string[] } {
  const hint = `See lupine ${command} --help.`
  try {
    const parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: Object.fromEntries(
        Object.entries(options).map(([name, { type, multiple }]) => [name, { type, multiple: multiple ?? false }]),
      ),
    })
    const missing = positionals[parsed.positionals.length]
    if (missing && !missing.startsWith('[') && !parsed.values['help'])
      throw fail('usage', 'argument-missing', `lupine ${command} needs ${missing}.`, hint)
    const extra = parsed.positionals[positionals.length]
    if (extra !== undefined) throw fail('usage', 'argument-extra', `lupine ${command}: what is "${extra}"?`, hint)
    return { values: parsed.values as Values, positionals: parsed.positionals }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS'))
      throw fail('usage', 'option-unknown', `lupine ${command}: ${(error as Error).message}`, hint, error)
    throw error
  }
}

export const text = (values: Values, name: string): string | undefined => values[name] as string | undefined

/** @throws LupineError kind 'usage' 'option-missing' */
export function required(values: Values, name: string, command: string): string {
  const value = text(values, name)
  if (value === undefined)
    throw fail('usage', 'option-missing', `lupine ${command} needs --${name}.`, `See lupine ${command} --help.`)
  return value
}

/** @throws LupineError kind 'usage' 'option-number' */
export function number(values: Values, name: string): number | undefined {
  const value = text(values, name)
  if (value === undefined) return undefined
  const parsed = Number(value)
  if (value.trim() === '' || !Number.isFinite(parsed))
    throw fail('usage', 'option-number', `--${name} "${value}" is not a number.`, `For example --${name} 1.`)
  return parsed
}

/** A list such as 30,60. @throws LupineError kind 'usage' 'option-number' */
export function numbers(values: Values, name: string): number[] | undefined {
  return text(values, name)
    ?.split(',')
    .map((part) => number({ [name]: part }, name)!)
}

/** A list such as rho=0.01,rounds=2. @throws LupineError kind 'usage' 'option-settings' */
export function settings(values: Values, name: string): Record<string, string> | undefined {
  const list = text(values, name)
  if (list === undefined) return undefined
  return Object.fromEntries(
    list.split(',').map((part) => {
      const [key, value, ...rest] = part.split('=').map((piece) => piece.trim())
      if (key && value && rest.length === 0) return [key, value]
      throw fail(
        'usage',
        'option-settings',
        `--${name} "${list}": "${part}" is not NAME=VALUE.`,
        'Separate them by commas.',
      )
    }),
  )
}

const budgetKinds = ['latency', 'macs', 'params', 'bytes'] as const

/** latency=0.6,macs=0.5, or latency@p95=0.6 for a percentile of the latency @throws LupineError kind 'usage' 'budget-syntax' */
export function budget(text: string): Budget {
  const hint = 'For example --budget latency=0.6 or --budget latency=0.6,params=0.5 (fractions of the original).'
  const result: { -readonly [K in keyof Budget]: Budget[K] } = {}
  for (const part of text.split(',')) {
    const [name, value, ...rest] = part.split('=').map((piece) => piece.trim())
    const [base, percentile] = name?.split('@p') ?? []
    const kind = budgetKinds.find((candidate) => candidate === base)
    const tail = percentile === undefined ? undefined : Number(percentile)
    const odd = tail !== undefined && !(kind === 'latency' && tail >= 50 && tail <= 99.9)
    if (!kind || odd || value === undefined || rest.length > 0)
      throw fail(
        'usage',
        'budget-syntax',
        `--budget "${text}": "${part}" is not KIND=FRACTION with KIND one of ${budgetKinds.join(', ')}, or latency@pN with N from 50 to 99.9.`,
        hint,
      )
    const fraction = Number(value)
    if (!(fraction > 0 && fraction <= 1))
      throw fail(
        'usage',
        'budget-syntax',
        `--budget "${text}": ${kind}=${value} is not a fraction between 0 and 1.`,
        hint,
      )
    result[kind] = fraction
    if (tail !== undefined) result.percentile = tail
  }
  return result
}
