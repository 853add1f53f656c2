import { architectureNames } from '../core/graph/architectures'
import { runMethods } from '../core/methods/registry'
import { aboutCommands } from './about-commands'
import type { Command } from './command'
import { dataCommands } from './data-commands'
import { explain } from './explain'
import { budget, number, required, settings, text, type Option, type Values } from './options'
import { data, engine, given, normalize, precision, seed, string, trainImages } from './shared-options'
import * as summaries from './summaries'
import { trainingOptions, trainingRequest } from './training'

const device = string(
  'DEVICE',
  'local | ssh://user@host?key=FILE&trust=new | serial:PORT?baud=115200&user=NAME | NAME | synthetic:SEED | replay:DIR; boards take threads=N, cores=4-7, runtime=own|tensorrt, precision=fp16, and pin=1, which lets their clocks be pinned',
)
const budgetOption = string(
  'LIST',
  'fractions of the original: latency=0.6 (or latency@p95=0.6),macs=…,params=…,bytes=…',
)
const method = string('NAME', 'igwo | gwo | abc | de | knapsack | netadapt | random | uniform (igwo)')
const bn = string('HOW', 'keep | reinsert: layers whose BN is missing (reinsert when fewer than half have one)')
const streams: Option = { type: 'boolean', about: 'residual streams too' }
const holdout = string('DATA', 'images the network has not seen: candidates are scored on its test split')
const scopeOptions: Record<string, Option> = {
  exclude: { type: 'string', multiple: true, value: 'NAME', about: 'a group or layer to leave whole; repeatable' },
  streams,
}

const scopeRequest = (values: Values) => ({
  exclude: values['exclude'] as string[] | undefined,
  streams: values['streams'] as boolean | undefined,
})
const fresh: Option = { type: 'boolean', about: 'measure anew what is in the cache' }
const evaluations = string('N', 'candidates the search may evaluate (160)')

const criterionOptions: Record<string, Option> = {
  criterion: string('NAME', 'importance: l1 | l2 | fpgm | bn | taylor | activation | random (l1)'),
  'next-layer': { type: 'boolean', about: 'l1, l2, fpgm: weights of the layers that read a channel count too' },
}

const criterionRequest = (values: Values) => ({
  criterion: text(values, 'criterion'),
  nextLayer: values['next-layer'] as boolean | undefined,
})

const inputSize = string('CxHxW', 'sizes the file leaves open, as its input lists them (the usual ones)')

const optionalBudget = (values: Values) => {
  const list = text(values, 'budget')
  return list === undefined ? undefined : budget(list)
}

export const commands: Readonly<Record<string, Command>> = {
  inspect: {
    about: 'what a model is: costs, and which channels can be pruned',
    arguments: ['MODEL'],
    options: { input: inputSize, graph: { type: 'boolean', about: 'with --json: the nodes and edges too' } },
    request: (values, [model]) => ({
      call: 'model.inspect',
      request: given({
        model: model!,
        input: text(values, 'input'),
        graph: values['graph'] as boolean | undefined,
      }),
    }),
    summary: summaries.inspect,
  },
  check: {
    about: "this program's engine against onnxruntime on a model",
    arguments: ['MODEL'],
    options: { input: inputSize, engine },
    request: (values, [model]) => ({
      call: 'model.check',
      request: given({
        model: model!,
        input: text(values, 'input'),
        engine: text(values, 'engine') as 'tensorflow' | undefined,
      }),
    }),
    summary: summaries.check,
  },
  prune: {
    about: 'cut channels, uniformly or by a plan; no data needed',
    arguments: ['MODEL'],
    options: {
      input: inputSize,
      keep: string('R', 'fraction of channels kept'),
      plan: string('FILE', 'a plan.json instead'),
      force: { type: 'boolean', about: 'apply the plan to another file than it was made for' },
      ...criterionOptions,
      data: string('DATA', 'for taylor and activation: sample | cifar10:DIR | cifar100:DIR | images:DIR'),
      normalize,
      engine,
      round: string('N', 'widths become multiples of N (1)'),
      ...scopeOptions,
      out: string('FILE', 'the pruned model'),
      'plan-out': string('FILE', 'the plan that was applied'),
      seed,
    },
    request: (values, [model]) => ({
      job: 'prune',
      request: given({
        model: model!,
        input: text(values, 'input'),
        keep: number(values, 'keep'),
        plan: text(values, 'plan'),
        force: values['force'] as boolean | undefined,
        ...criterionRequest(values),
        data: text(values, 'data'),
        normalize: text(values, 'normalize'),
        engine: text(values, 'engine') as 'tensorflow' | undefined,
        seed: number(values, 'seed'),
        ...scopeRequest(values),
        round: number(values, 'round'),
        out: required(values, 'out', 'prune'),
        planOut: text(values, 'plan-out'),
      }),
    }),
    summary: summaries.prune,
  },
  profile: {
    about: 'measure latency on a device, whole and per layer',
    arguments: ['MODEL'],
    options: { device, input: inputSize, runs: string('N', 'samples (100)'), seed },
    request: (values, [model]) => ({
      job: 'profile',
      request: given({
        model: model!,
        input: text(values, 'input'),
        device: required(values, 'device', 'profile'),
        runs: number(values, 'runs'),
        seed: number(values, 'seed'),
      }),
    }),
    summary: summaries.profile,
  },
  staircase: {
    about: 'latency over the widths of every layer, with its steps',
    arguments: ['MODEL'],
    options: {
      device,
      input: inputSize,
      layer: string('NAME', 'only this layer or group'),
      streams,
      fresh,
      seed,
    },
    request: (values, [model]) => ({
      job: 'staircase',
      request: given({
        model: model!,
        input: text(values, 'input'),
        device: required(values, 'device', 'staircase'),
        layer: text(values, 'layer'),
        streams: values['streams'] as boolean | undefined,
        fresh: values['fresh'] as boolean | undefined,
        seed: number(values, 'seed'),
      }),
    }),
    summary: summaries.staircase,
  },
  predict: {
    about: 'how well latency is predicted: judged on plans the model has not seen',
    arguments: ['MODEL'],
    options: {
      device,
      input: inputSize,
      'holdout-plans': string('N', 'plans to judge by (60)'),
      'calibration-plans': string('N', 'whole networks the model is fitted on (32)'),
      streams,
      fresh,
      seed,
    },
    request: (values, [model]) => ({
      job: 'predict',
      request: given({
        model: model!,
        input: text(values, 'input'),
        device: required(values, 'device', 'predict'),
        holdoutPlans: number(values, 'holdout-plans'),
        calibrationPlans: number(values, 'calibration-plans'),
        streams: values['streams'] as boolean | undefined,
        fresh: values['fresh'] as boolean | undefined,
        seed: number(values, 'seed'),
      }),
    }),
    summary: summaries.predict,
  },
  ...dataCommands,
  search: {
    about: 'find the channels to keep per layer; writes a plan',
    arguments: ['MODEL'],
    options: {
      data,
      holdout,
      device,
      budget: budgetOption,
      method,
      ...criterionOptions,
      bn,
      evaluations,
      ...scopeOptions,
      normalize,
      engine,
      out: string('PLAN', 'the plan file'),
      seed,
    },
    request: (values, [model]) => ({
      job: 'search',
      request: given({
        model: model!,
        data: required(values, 'data', 'search'),
        holdout: text(values, 'holdout'),
        device: required(values, 'device', 'search'),
        budget: budget(required(values, 'budget', 'search')),
        method: text(values, 'method') as 'igwo' | undefined,
        ...criterionRequest(values),
        bn: text(values, 'bn') as 'keep' | undefined,
        evaluations: number(values, 'evaluations'),
        ...scopeRequest(values),
        normalize: text(values, 'normalize'),
        engine: text(values, 'engine') as 'tensorflow' | undefined,
        seed: number(values, 'seed'),
        out: required(values, 'out', 'search'),
      }),
    }),
    summary: summaries.search,
  },
  finetune: {
    about: 'train a pruned model on, with distillation from a teacher',
    arguments: ['MODEL'],
    options: { ...trainingOptions, teacher: string('MODEL', 'the unpruned network') },
    request: (values, [model]) => ({ job: 'finetune', request: trainingRequest(values, model!, 'finetune') }),
    summary: summaries.finetune,
  },
  new: {
    about: `an untrained network: ${architectureNames.join(', ')}`,
    arguments: ['NAME'],
    options: {
      classes: string('N', 'number of classes'),
      input: string('CxHxW', 'one image (3x32x32)'),
      out: string('FILE', 'the model'),
      seed,
    },
    request: (values, [name]) => {
      required(values, 'classes', 'new')
      return {
        call: 'model.new',
        request: given({
          name: name!,
          classes: number(values, 'classes')!,
          input: text(values, 'input') ?? '3x32x32',
          seed: number(values, 'seed'),
          out: required(values, 'out', 'new'),
        }),
      }
    },
    summary: summaries.created,
  },
  train: {
    about: 'train a network from scratch',
    arguments: ['MODEL'],
    options: trainingOptions,
    request: (values, [model]) => ({ job: 'train', request: trainingRequest(values, model!, 'train') }),
    summary: summaries.finetune,
  },
  run: {
    about: 'search, prune, fine-tune, export and verify, in one go',
    arguments: ['MODEL'],
    options: {
      data,
      holdout,
      device,
      budget: budgetOption,
      accuracy: string('A', 'top-1 to keep (0.91): looks for the fastest that has it, in place of a latency budget'),
      keep: string('R', 'fraction of channels kept, instead of a budget (see lupine methods)'),
      method: string('NAME', `${Object.keys(runMethods).join(' | ')} (igwo)`),
      set: string('LIST', "the method's options, such as softness=0.5,hard=cosine (see lupine methods)"),
      'method-epochs': string('N', "epochs of the method's own training (12)"),
      ...criterionOptions,
      bn,
      evaluations,
      epochs: string('N', 'epochs of fine-tuning (12)'),
      'train-images': trainImages,
      distillation: string('X', "the original's share of the fine-tuning's loss (0.7)"),
      refine: string('N', 'plans fine-tuned briefly to choose among them (a tenth of the evaluations; 0: none)'),
      ...scopeOptions,
      normalize,
      engine,
      precision,
      out: string('DIR', 'the project folder'),
      seed,
    },
    request: (values, [model]) => ({
      job: 'run',
      request: given({
        model: model!,
        data: required(values, 'data', 'run'),
        holdout: text(values, 'holdout'),
        device: required(values, 'device', 'run'),
        budget: optionalBudget(values),
        accuracy: number(values, 'accuracy'),
        keep: number(values, 'keep'),
        method: text(values, 'method') as 'igwo' | undefined,
        methodOptions: settings(values, 'set'),
        methodEpochs: number(values, 'method-epochs'),
        ...criterionRequest(values),
        bn: text(values, 'bn') as 'keep' | undefined,
        evaluations: number(values, 'evaluations'),
        epochs: number(values, 'epochs'),
        trainImages: number(values, 'train-images'),
        distillation: number(values, 'distillation'),
        refine: number(values, 'refine'),
        ...scopeRequest(values),
        normalize: text(values, 'normalize'),
        engine: text(values, 'engine') as 'tensorflow' | undefined,
        precision: text(values, 'precision') as 'bfloat16' | undefined,
        seed: number(values, 'seed'),
        out: required(values, 'out', 'run'),
      }),
    }),
    summary: summaries.run,
  },
  methods: {
    about: 'what run can prune by, and the options of each',
    arguments: ['[NAME]'],
    options: {},
    request: (_values, [name]) => ({ call: 'methods.list', request: given({ name }) }),
    summary: summaries.methods,
  },
  resume: {
    about: 'go on with an interrupted run',
    arguments: ['DIR'],
    options: {},
    request: (_values, [dir]) => ({ job: 'resume', request: { dir: dir! } }),
    summary: summaries.run,
  },
  explain: {
    about: 'why the result of a run is or is not faster, layer by layer, and which widths would help',
    arguments: ['DIR'],
    options: { 'no-measure': { type: 'boolean', about: 'only from what the run recorded, without its device' } },
    request: (values, [dir]) => ({
      job: 'explain',
      request: given({ dir: dir!, measure: values['no-measure'] ? false : undefined }),
    }),
    summary: explain,
  },
  report: {
    about: 'what a run came to, as one HTML file that stands alone',
    arguments: ['DIR'],
    options: { out: string('FILE', "the file (the project's report.html)") },
    request: (values, [dir]) => ({
      call: 'projects.report',
      request: given({ dir: dir!, out: text(values, 'out') }),
    }),
    summary: summaries.report,
  },
  ...aboutCommands,
  demo: {
    about: 'the built-in sample, end to end on this computer, in minutes',
    arguments: [],
    options: { out: string('DIR', 'the project folder (a new one in the temporary folder)'), engine, seed },
    request: (values) => ({
      job: 'demo',
      request: given({
        out: text(values, 'out'),
        engine: text(values, 'engine') as 'tensorflow' | undefined,
        seed: number(values, 'seed'),
      }),
    }),
    summary: summaries.run,
  },
}
