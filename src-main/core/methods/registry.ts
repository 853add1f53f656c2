import { fail } from '../failure'
import type { Budget } from '../search/budget'
import { filterMethods } from './filters/schedule'
import type { SearchMethod } from './pruner-types'

/** Methods of a run that are not searches; each has a file in program/run/methods. */
export type TrainedMethod =
  'l1' | 'fpgm' | 'sfp' | 'asfp' | 'srfp' | 'asrfp' | 'hfp' | 'ghfp' | 'taylor-bn' | 'slimming' | 'ista' | 'ucp'
export type RunMethod = SearchMethod | TrainedMethod

/** What a run is asked to come down to: `keep` is a fraction of channels, the others are costs. */
export type TargetKind = 'keep' | keyof Budget
export type Target = Budget & { readonly keep?: number }

export interface MethodOption {
  readonly about: string
  /** When it is not given; its type is the option's. */
  readonly value: number | string | boolean
  readonly choices?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
}

export interface MethodDescription {
  /** In one line. */
  readonly about: string
  readonly targets: readonly TargetKind[]
  /** Works without a target too. */
  readonly targetOptional?: true
  /** Why the other kinds of target are not taken. */
  readonly because?: string
  /** Trains of its own before the fine-tuning. */
  readonly trains: boolean
  readonly options: Readonly<Record<string, MethodOption>>
  /** By the option `preset`: what others are then, where they are not given. */
  readonly presets?: Readonly<Record<string, MethodOptions>>
}

export type MethodOptions = Readonly<Record<string, number | string | boolean>>

const every: readonly TargetKind[] = ['keep', 'latency', 'macs', 'params', 'bytes']
const costs: readonly TargetKind[] = ['latency', 'macs', 'params', 'bytes']
const learningRate: MethodOption = { about: "peak learning rate of the method's own training", value: 0.05, minimum: 0 }
const filterOptions: Readonly<Record<string, MethodOption>> = {
  lr: learningRate,
  softness: { about: 'α₀: what a masked filter is multiplied by at first', value: 0, minimum: 0, maximum: 1 },
  residue: { about: 'σ: what α decays to', value: 1e-5, minimum: 1e-12, maximum: 1 },
  rising: { about: 'how the rate rises', value: 'constant', choices: ['constant', 'exponential', 'cubic'] },
  hard: {
    about: 'how masks become final',
    value: 'never',
    choices: ['never', 'always', 'cubic', 'cosine'],
  },
}
const selection: MethodOption = {
  about: 'BN that read a residual stream or a Concat are pruned too, each by a selection of its channels',
  value: false,
}
const searchOptions: Readonly<Record<string, MethodOption>> = {
  preset: {
    about: "abcpruner: ABCPruner's protocol (tenths, no branch removed, no seeding, scored after 2 epochs)",
    value: 'none',
    choices: ['none', 'abcpruner'],
  },
  widths: {
    about: 'on offer for each group: those measured, or tenths',
    value: 'measured',
    choices: ['measured', 'tenths'],
  },
  branches: { about: 'residual branches may be removed', value: true },
  seeding: { about: 'starts from the sensitivities, not at random', value: true },
  fitness: { about: 'epochs each candidate is trained before it is scored', value: 0, minimum: 0, maximum: 100 },
  schedule: {
    about: 'how the chosen channels go: at once, or by the schedule of a filter method in training of its own',
    value: 'none',
    choices: ['none', ...filterMethods],
  },
  lr: { ...learningRate, about: 'peak learning rate of candidates and of the schedule' },
}
const search = (about: string): MethodDescription => ({
  about,
  targets: costs,
  because: 'a search chooses every width itself: bound a cost',
  trains: false,
  options: searchOptions,
  // Lin et al., IJCAI 2020, and its code; our reading scores on held-out images, where the code takes the test set.
  presets: { abcpruner: { widths: 'tenths', branches: false, seeding: false, fitness: 2 } },
})
const filters = (about: string, defaults: Readonly<Record<string, number | string>> = {}): MethodDescription => ({
  about,
  targets: every,
  trains: true,
  options: Object.fromEntries(
    Object.entries(filterOptions).map(([name, option]) => [name, { ...option, value: defaults[name] ?? option.value }]),
  ),
})
const ranked = (about: string): MethodDescription => ({ about, targets: every, trains: false, options: {} })

/** Every method of `run`, by name. */
export const runMethods: Readonly<Partial<Record<RunMethod, MethodDescription>>> = {
  igwo: search('improved grey wolf optimizer on measured latency (Wang et al., 2024; our reading)'),
  gwo: search('grey wolf optimizer (Mirjalili et al., 2014)'),
  abc: search('artificial bee colony (ABCPruner, Lin et al., IJCAI 2020)'),
  de: search('differential evolution'),
  knapsack: search('sensitivities and a local search'),
  netadapt: search("NetAdapt's greedy steps (Yang et al., ECCV 2018)"),
  random: search('random plans under the same counter'),
  uniform: {
    ...search('one keep ratio everywhere, with more and more branches removed'),
    options: {
      ...searchOptions,
      round: { about: 'widths become multiples of it; 0: of 1, 8 or 16, whichever is best', value: 0, minimum: 0 },
    },
  },
  l1: ranked('one keep ratio, filters by L1 norm, layer after layer (Li et al., ICLR 2017, greedy)'),
  fpgm: ranked('one keep ratio, filters by distance to the geometric median (He et al., CVPR 2019)'),
  sfp: filters('soft filter pruning (He et al., IJCAI 2018)'),
  asfp: filters('asymptotic soft filter pruning (He et al., T-Cyb 2019)', { rising: 'exponential' }),
  srfp: filters('softer filter pruning (Cai et al., ICPR 2020)', { softness: 1 }),
  asrfp: filters('asymptotic softer filter pruning (Cai et al., ICPR 2020)', { rising: 'exponential', softness: 1 }),
  hfp: filters('hard filter pruning: chosen once, at zero from the start', { hard: 'always' }),
  'taylor-bn': {
    about: 'loss-driven pruning by Taylor expansion over BN scale and shift (Long et al., 2020; our reading)',
    targets: every,
    trains: true,
    options: {
      lr: learningRate,
      rounds: { about: 'times it is pruned, and fine-tuned in between', value: 3, minimum: 1, maximum: 100 },
      aggregate: { about: 'what is averaged over batches', value: 'absolute', choices: ['absolute', 'squared'] },
      least: { about: 'channels that stay in each layer at least', value: 1, minimum: 1 },
      selection,
    },
  },
  slimming: {
    about: 'Network Slimming: L1 on BN scales, then one threshold over all of them (Liu et al., ICCV 2017)',
    targets: every,
    trains: true,
    options: {
      lr: learningRate,
      lambda: { about: 'strength of the penalty on each |γ|', value: 1e-4, minimum: 0 },
      selection,
    },
  },
  ista: {
    about: 'BN scales to exactly zero by proximal steps, constants absorbed (Ye et al., ICLR 2018)',
    targets: [],
    targetOptional: true,
    because: 'what goes follows from rho: the larger, the more',
    trains: true,
    options: {
      lr: learningRate,
      rho: { about: 'ρ, strength of the penalty: raised until scales come to zero', value: 0.001, minimum: 0 },
      alpha: { about: 'α, what scales are multiplied by for the training', value: 0.1, minimum: 1e-6, maximum: 1 },
    },
  },
  ucp: {
    about: 'Uniform Channel Pruning: mean gates of squeeze-and-excitation blocks (Chang et al., JIFS 2021)',
    targets: every,
    targetOptional: true,
    trains: true,
    options: {
      lr: learningRate,
      lambda: {
        about: 'without a target: channels over (1 + λ) times the mean gate stay',
        value: 0,
        minimum: -1,
        maximum: 1,
      },
      inherit: { about: 'goes on with the weights trained with the blocks, instead of from scratch', value: false },
    },
  },
  ghfp: filters('gradually hard filter pruning (Cai et al., IJCNN 2021)', { hard: 'cubic' }),
}

/** @throws LupineError usage 'method-unknown' */
export function methodNamed(name: string): MethodDescription {
  const method = Object.hasOwn(runMethods, name) ? runMethods[name as RunMethod] : undefined
  if (method) return method
  throw fail(
    'usage',
    'method-unknown',
    `There is no method "${name}".`,
    `Use one of: ${Object.keys(runMethods).join(', ')}.`,
  )
}

/**
 * Checks a target against what a method takes.
 * @throws LupineError usage 'no-budget', 'method-budget'
 */
export function checkTarget(name: string, target: Target): void {
  const { targets, targetOptional, because } = methodNamed(name)
  const given = every.filter((kind) => target[kind] !== undefined)
  const ways = targets.map((kind) => (kind === 'keep' ? '--keep R' : `--budget ${kind}=R`)).join(', ')
  if (given.length === 0 && !targetOptional)
    throw fail('usage', 'no-budget', `${name} was not told how far to prune.`, `Give one of: ${ways}.`)
  const refused = given.filter((kind) => !targets.includes(kind))
  if (refused.length > 0)
    throw fail(
      'usage',
      'method-budget',
      `${name} takes no ${refused.map((kind) => (kind === 'keep' ? 'keep ratio' : `budget of ${kind}`)).join(' and no ')}${because ? `: ${because}` : ''}.`,
      ways ? `Give one of: ${ways}.` : `Leave the target out.`,
    )
}

/**
 * A method's options, those not given at their defaults.
 * @param given as text, from the command line
 * @throws LupineError usage 'method-option'
 */
export function methodOptions(name: string, given: Readonly<Record<string, string>> = {}): MethodOptions {
  const { options, presets } = methodNamed(name)
  const wrong = (message: string) => {
    const list = Object.entries(options).map(([key, { about, value }]) => `${key} (${about}; ${value})`)
    const hint = list.length > 0 ? `It takes: ${list.join(', ')}.` : 'Leave --set out.'
    return fail('usage', 'method-option', message, hint)
  }
  for (const key of Object.keys(given))
    if (!Object.hasOwn(options, key)) throw wrong(`The method ${name} has no option "${key}".`)
  const preset = presets?.[given['preset'] ?? '']
  return Object.fromEntries(
    Object.entries(options).map(([key, { value, choices, minimum = -Infinity, maximum = Infinity }]) => {
      const text = given[key]
      if (text === undefined) return [key, preset?.[key] ?? value]
      if (typeof value === 'boolean') {
        if (text !== 'true' && text !== 'false') throw wrong(`${key}=${text} is neither true nor false.`)
        return [key, text === 'true']
      }
      if (typeof value === 'string') {
        if (choices && !choices.includes(text)) throw wrong(`${key}=${text} is none of ${choices.join(', ')}.`)
        return [key, text]
      }
      const parsed = Number(text)
      if (text.trim() === '' || !(parsed >= minimum && parsed <= maximum))
        throw wrong(`${key}=${text} is no number from ${minimum} to ${maximum}.`)
      return [key, parsed]
    }),
  )
}
