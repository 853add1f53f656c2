import { type JobRequest, recipeName } from '../contract'
import { number, numbers, required, text, type Values } from './options'
import { data, engine, given, normalize, precision, seed, string, trainImages } from './shared-options'

/** Options of finetune and train. */
export const trainingOptions = {
  data,
  epochs: string('N', "passes over the training images (a recipe's own)"),
  recipe: string('NAME', `what a paper trained with: ${recipeName.options.join(', ')}; other options go before`),
  normalize,
  engine,
  precision,
  lr: string('X', 'peak learning rate (0.05; from scratch 0.1)'),
  batch: string('N', 'images per step (128)'),
  'train-images': trainImages,
  schedule: string('NAME', 'of the learning rate: cosine | step | constant (cosine)'),
  milestones: string('LIST', 'with --schedule step: epochs after which it falls, such as 30,60'),
  decay: string('X', 'with --schedule step: the factor it falls by (0.1)'),
  warmup: string('EPOCHS', 'linear warm-up to the peak (a tenth, 0.5 at most)'),
  momentum: string('X', 'of SGD with Nesterov momentum (0.9)'),
  'weight-decay': string('X', 'L2 on weights, not on BN and biases (1e-4)'),
  'label-smoothing': string('X', 'share of each label spread over all classes (0)'),
  patience: string('N', 'stop after N epochs without a better validation top-1 (never)'),
  keep: string('RULE', 'weights kept: last | best by validation top-1 (last; with --patience best)'),
  distillation: string('X', "the teacher's share of the loss (0.7)"),
  temperature: string('T', 'of the distillation (3)'),
  cutout: string('N', 'blank a square of N pixels at a random place of each training image (0: off)'),
  out: string('FILE', 'the trained model'),
  seed,
}

/** @throws LupineError kind 'usage' */
export function trainingRequest(values: Values, model: string, command: string): JobRequest<'finetune'> {
  if (text(values, 'recipe') === undefined) required(values, 'epochs', command)
  return given({
    model,
    data: required(values, 'data', command),
    epochs: number(values, 'epochs'),
    recipe: text(values, 'recipe') as 'resnet' | undefined,
    teacher: text(values, 'teacher'),
    normalize: text(values, 'normalize'),
    engine: text(values, 'engine') as 'tensorflow' | undefined,
    precision: text(values, 'precision') as 'bfloat16' | undefined,
    learningRate: number(values, 'lr'),
    batch: number(values, 'batch'),
    trainImages: number(values, 'train-images'),
    schedule: text(values, 'schedule') as 'cosine' | undefined,
    milestones: numbers(values, 'milestones'),
    decay: number(values, 'decay'),
    warmupEpochs: number(values, 'warmup'),
    momentum: number(values, 'momentum'),
    weightDecay: number(values, 'weight-decay'),
    labelSmoothing: number(values, 'label-smoothing'),
    patience: number(values, 'patience'),
    keep: text(values, 'keep') as 'best' | undefined,
    distillation: number(values, 'distillation'),
    temperature: number(values, 'temperature'),
    cutout: number(values, 'cutout'),
    seed: number(values, 'seed'),
    out: required(values, 'out', command),
  })
}
