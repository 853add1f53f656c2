import type { Command } from './command'
import { number, required, text } from './options'
import { data, given, normalize, seed, string } from './shared-options'
import * as summaries from './summaries'

const split = string('NAME', 'train | validation | test')

/** What looks at images only, or at a network on them. */
export const dataCommands: Readonly<Record<string, Command>> = {
  evaluate: {
    about: 'accuracy on the test split, or another',
    arguments: ['MODEL'],
    options: {
      data,
      normalize,
      engine: string('NAME', 'onnxruntime | tensorflow | wasm (onnxruntime)'),
      split,
      images: string('N', 'at most so many of its images (all)'),
    },
    request: (values, [model]) => ({
      job: 'evaluate',
      request: given({
        model: model!,
        data: required(values, 'data', 'evaluate'),
        normalize: text(values, 'normalize'),
        engine: text(values, 'engine') as 'onnxruntime' | undefined,
        split: text(values, 'split') as 'test' | undefined,
        images: number(values, 'images'),
      }),
    }),
    summary: summaries.evaluate,
  },
  data: {
    about: 'what a data set is: classes, sizes, how many images each class has',
    arguments: ['DATA'],
    options: {
      model: string('MODEL', 'the network they are for'),
      split,
      images: string('N', 'with --json: so many small pictures of the split (0)'),
      seed,
    },
    request: (values, [address]) => ({
      call: 'data.preview',
      request: given({
        address: address!,
        model: text(values, 'model'),
        split: text(values, 'split') as 'train' | undefined,
        images: number(values, 'images') ?? 0,
        seed: number(values, 'seed'),
      }),
    }),
    summary: summaries.data,
  },
}
