import { z } from 'zod'
import { dataAddress, modelPath, seed } from './options'

export const splitName = z.enum(['train', 'validation', 'test'])

const counts = z.object({ images: z.number(), perClass: z.array(z.number()).describe('empty without labels') })

/** What a data set is, and some of its images as a network sees them before normalisation. */
export const previewData = {
  request: z.object({
    address: dataAddress,
    model: modelPath.optional().describe('the network they are for: brought to its size'),
    split: splitName.default('train'),
    images: z.number().int().min(0).max(200).default(48).describe('how many are shown'),
    seed: seed.default(0).describe('which of them'),
  }),
  result: z.object({
    classes: z.array(z.string()),
    shape: z.object({ channels: z.number(), height: z.number(), width: z.number() }),
    splits: z.object({ train: counts, validation: counts, test: counts }),
    notes: z.array(z.string()),
    images: z.array(
      z.object({
        index: z.number().describe('position in the split'),
        label: z.number().describe('class index; -1 without labels'),
        name: z.string().describe("below the data set's folder"),
        picture: z.string().describe('data: address; empty where the image cannot be read'),
        why: z.string().optional(),
      }),
    ),
  }),
}
