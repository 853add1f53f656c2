import type { Dataset, ImageShape, Split } from '../../datasets/dataset'
import { openDataset } from '../../datasets/open'
import { permutationOf } from '../../datasets/seeded'
import { thumbnails } from '../../datasets/thumbnails'
import { loadOnnx } from '../../formats/onnx/files'
import { openImages } from '../images'

export interface PreviewRequest {
  readonly address: string
  /** The network that the images are for: they are brought to its size. */
  readonly model?: string | undefined
  readonly split: 'train' | 'validation' | 'test'
  /** How many are shown, and which: others with another seed. */
  readonly images: number
  readonly seed: number
}

export interface SplitCounts {
  readonly images: number
  /** Per class; empty without labels. */
  readonly perClass: number[]
}

export interface Preview {
  readonly classes: string[]
  readonly shape: ImageShape
  readonly splits: { readonly train: SplitCounts; readonly validation: SplitCounts; readonly test: SplitCounts }
  readonly notes: string[]
  readonly images: {
    readonly index: number
    readonly label: number
    readonly name: string
    /** data: address of a small picture; '' where it cannot be read. */
    readonly picture: string
    readonly why?: string
  }[]
}

/** Where no network says which size it takes. */
const usual: ImageShape = { channels: 3, height: 160, width: 160 }

/** What a data set is, and some of its images. @throws LupineError of the data set, of the model */
export async function previewData({ address, model, split, images, seed }: PreviewRequest): Promise<Preview> {
  const dataset = model
    ? await openImages(await loadOnnx(model), address, model)
    : await openDataset(address, { shape: usual })
  const { train, validation, test } = dataset.splits
  const shown = dataset.splits[split]
  const chosen = permutationOf(shown.size, seed).slice(0, images).sort()
  const pictures = await thumbnails(shown, chosen)
  return {
    classes: [...dataset.classes],
    shape: { channels: dataset.channels, height: dataset.height, width: dataset.width },
    splits: { train: counts(train, dataset), validation: counts(validation, dataset), test: counts(test, dataset) },
    notes: [...dataset.notes],
    images: pictures.map(({ image, why, ...about }) => ({
      ...about,
      picture: image
        ? `data:image/${image[0] === 0xff ? 'jpeg' : 'png'};base64,${Buffer.from(image).toString('base64')}`
        : '',
      ...(why !== undefined && { why }),
    })),
  }
}

function counts({ size, labels }: Split, { classes }: Dataset): SplitCounts {
  const perClass = classes.map(() => 0)
  for (const label of labels) if (label >= 0) perClass[label]!++
  return { images: size, perClass }
}
