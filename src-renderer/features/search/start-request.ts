import { z } from 'zod'
import type { CallResult, JobRequest } from '../../../src-main/contract'

export type Method = CallResult<'methods.list'>['methods'][number]

const text = (value = ''): z.ZodDefault<z.ZodCatch<z.ZodString>> => z.string().catch(value).default(value)

/** What the form holds: every field as it is typed, so that half a number is no error yet. */
export const startForm = z.object({
  /** What is asked for: costs, an accuracy, or a fraction of the channels. */
  goal: z.enum(['budget', 'accuracy', 'keep']).catch('budget').default('budget'),
  latency: text('0.6'),
  percentile: text(),
  macs: text(),
  params: text(),
  bytes: text(),
  accuracy: text(),
  keep: text('0.5'),
  method: text('igwo'),
  /** Per option of the method; '' = its default. */
  set: z.record(z.string(), z.string()).catch({}).default({}),
  methodEpochs: text(),
  criterion: text('l1'),
  nextLayer: z.boolean().catch(false).default(false),
  /** Names with commas between. */
  exclude: text(),
  streams: z.boolean().catch(false).default(false),
  bn: text(),
  evaluations: text(),
  refine: text(),
  epochs: text(),
  trainImages: text(),
  distillation: text(),
  engine: text(),
  seed: text(),
  out: text(),
})
export type StartForm = z.infer<typeof startForm>

/** Searches choose every width themselves; the others follow a rule. */
export const isSearch = ({ trains, targets }: Method): boolean => !trains && !targets.includes('keep')

type Draft = { -readonly [K in keyof JobRequest<'run'>]?: JobRequest<'run'>[K] | undefined }

const words = (list: string): string[] =>
  list
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean)

/** What is wrong with a field, for the person who fills it in. */
export type Complaints = Readonly<Partial<Record<keyof StartForm | 'model' | 'data' | 'device', string>>>

/** The request that the form stands for, and what is still wrong with it. Fields left empty are left to the program. */
export function startRequest(
  form: StartForm,
  {
    model,
    data,
    device,
    normalize,
    holdout,
  }: Readonly<Record<'model' | 'data' | 'device' | 'normalize' | 'holdout', string>>,
  method: Method | undefined,
  /** Groups that were left whole in the Model room. */
  marked: readonly string[] = [],
): { request: JobRequest<'run'>; complaints: Complaints } {
  const complaints: Partial<Record<keyof Complaints, string>> = {}
  const need = (name: 'model' | 'data' | 'device' | 'out', value: string, what: string): string => {
    if (value.trim() === '') complaints[name] = what
    return value.trim()
  }
  const number = (
    name: Exclude<keyof StartForm, 'set' | 'nextLayer' | 'streams'>,
    from: number,
    to: number,
    whole = false,
  ): number | undefined => {
    const typed = form[name].trim()
    if (typed === '') return undefined
    const value = Number(typed)
    const fits = Number.isFinite(value) && value >= from && value <= to && (!whole || Number.isInteger(value))
    if (!fits)
      complaints[name] = `${whole ? 'A whole number' : 'A number'} from ${from} to ${to === Infinity ? '…' : to}.`
    return fits ? value : undefined
  }
  const fraction = (name: 'latency' | 'macs' | 'params' | 'bytes' | 'keep'): number | undefined =>
    number(name, 0.001, 1)
  const takes = (kind: string): boolean => method === undefined || method.targets.includes(kind)

  const request: Draft = {
    model: need('model', model, 'Say which model: open one in the Model room, or give its path.'),
    data: need('data', data, 'Say which images: sample, cifar10:DIR, images:DIR.'),
    device: need('device', device, 'Say which board: local, ssh://user@host, a saved name.'),
    method: form.method as JobRequest<'run'>['method'],
    criterion: form.criterion === 'l1' ? undefined : form.criterion,
    nextLayer: form.nextLayer || undefined,
    bn: (form.bn || undefined) as JobRequest<'run'>['bn'],
    evaluations: number('evaluations', 1, Infinity, true),
    refine: number('refine', 0, Infinity, true),
    epochs: number('epochs', 0, Infinity, true),
    trainImages: number('trainImages', 1, Infinity, true),
    distillation: number('distillation', 0, 1),
    normalize: normalize || undefined,
    holdout: holdout || undefined,
    exclude: [...new Set([...marked, ...words(form.exclude)])],
    streams: form.streams || undefined,
    engine: (form.engine || undefined) as JobRequest<'run'>['engine'],
    seed: number('seed', 0, Infinity, true),
    out: need('out', form.out, 'Say which folder the project is to be made in.'),
  }
  if (form.goal === 'budget') {
    const budget = {
      ...Object.fromEntries(
        (['latency', 'macs', 'params', 'bytes'] as const).flatMap((kind) => {
          const value = takes(kind) ? fraction(kind) : undefined
          return value === undefined ? [] : [[kind, value]]
        }),
      ),
    } as NonNullable<JobRequest<'run'>['budget']>
    const percentile = number('percentile', 50, 99.9)
    if (Object.keys(budget).length === 0 && !method?.targetOptional && !complaints.latency)
      complaints.latency = 'Bound at least one cost.'
    request.budget = { ...budget, ...(percentile !== undefined && budget.latency !== undefined && { percentile }) }
  } else if (form.goal === 'accuracy') {
    request.accuracy = number('accuracy', 0.001, 1)
    if (request.accuracy === undefined) complaints.accuracy ??= 'Say which top-1 is to be kept, for example 0.91.'
  } else request.keep = fraction('keep')
  if (method?.trains) request.methodEpochs = number('methodEpochs', 1, Infinity, true)
  const set = Object.entries(form.set).filter(
    ([name, value]) => value !== '' && method?.options.some((option) => option.name === name),
  )
  if (set.length > 0) request.methodOptions = Object.fromEntries(set)
  const filled = Object.entries(request).filter(
    ([, value]) => value !== undefined && !(typeof value === 'object' && Object.keys(value).length === 0),
  )
  return { request: Object.fromEntries(filled) as JobRequest<'run'>, complaints }
}
