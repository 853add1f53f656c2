/** How the images of a folder become a training, a validation and a test split. */
import { permutationOf } from '../seeded'

/** Images by their paths, with class indices (−1 without labels). */
export interface Listed {
  readonly paths: readonly string[]
  readonly labels: readonly number[]
}

export interface Divided {
  readonly train: Listed
  readonly validation: Listed
  readonly test: Listed
}

/** Decides which images are held out; never changed, so that runs stay comparable. */
const holdoutSeed = 20100908
/** At most so many images (a few per class at least) are held out of the training images for validation, for test. */
const most = { validation: 5_000, test: 10_000 }

const nothing: Listed = { paths: [], labels: [] }

/**
 * What is given under train/, val/ and test/ is kept. Of what is missing:
 * - test: the validation images (ILSVRC's val is what networks are judged by), and then
 * - validation: a tenth of the training images of each class, at most 5,000 in all, chosen by a fixed seed;
 * - train: nothing, when there is only val/ or test/: good for evaluating alone.
 * train/ alone is divided like a folder that is not divided.
 */
export function divideGiven(given: Partial<Divided>, classes: number): Divided {
  if (given.train && !given.validation && !given.test) return divideWhole(given.train, classes)
  const test = given.test ?? given.validation ?? nothing
  if (given.train && given.validation && given.test) return { ...given, test } as Divided
  if (!given.train) return { train: nothing, validation: given.test ? (given.validation ?? nothing) : nothing, test }
  const [validation, train] = holdOut(given.train, classes, most.validation, 1)
  return { train, validation, test }
}

/**
 * Of a folder that is not divided: of each class a tenth for test (at most 10,000 in all), a tenth for validation (at
 * most 5,000), the rest to train; chosen by a fixed seed, so always the same images. Classes of one or two images are
 * only trained on.
 */
export function divideWhole(all: Listed, classes: number): Divided {
  const [test, rest] = holdOut(all, classes, most.test, 2)
  const [validation, train] = holdOut(rest, classes, most.validation, 3)
  return { train, validation, test }
}

/** Takes a tenth of each class out, at least one where it has three, at most `limit` in all. @returns [out, rest] */
function holdOut(all: Listed, classes: number, limit: number, key: number): [Listed, Listed] {
  const byClass = new Map<number, number[]>()
  all.labels.forEach((label, i) => (byClass.get(label) ?? byClass.set(label, []).get(label)!).push(i))
  const perClass = Math.ceil(limit / Math.max(1, classes))
  const held = new Uint8Array(all.paths.length)
  for (const [label, images] of byClass) {
    const tenth = images.length < 3 ? 0 : Math.max(1, Math.floor(images.length / 10))
    const chosen = permutationOf(images.length, holdoutSeed, key, label).subarray(0, Math.min(tenth, perClass))
    for (const i of chosen) held[images[i]] = 1
  }
  return [pick(all, held, 1), pick(all, held, 0)]
}

function pick({ paths, labels }: Listed, held: Uint8Array, wanted: 0 | 1): Listed {
  return { paths: paths.filter((_, i) => held[i] === wanted), labels: labels.filter((_, i) => held[i] === wanted) }
}
