import type { CallResult, RecipeName } from '../contract'
import type { Recipe } from '../engines/interface'

/** What a paper trained with. L2 leaves BN and biases alone here, also where the paper's code did not. */
interface PublishedRecipe {
  readonly from: string
  readonly values: Pick<Recipe, 'epochs' | 'batch' | 'learningRate' | 'nesterov' | 'weightDecay'> &
    Partial<Pick<Recipe, 'milestones' | 'decay' | 'cutout' | 'warmupEpochs'>>
}

const recipe = (from: string, values: PublishedRecipe['values']): PublishedRecipe => ({ from, values })
const cifar = { batch: 128, learningRate: 0.1, nesterov: false, weightDecay: 1e-4 }
const fallsBy5 = { nesterov: true, weightDecay: 5e-4, milestones: [60, 120, 160], decay: 0.2 }

/** By name; momentum is 0.9 in all of them, and the rate falls at milestones or not at all. */
export const publishedRecipes: Readonly<Record<RecipeName, PublishedRecipe>> = {
  // 64,000 steps, falling at 32,000 and 48,000; the first epoch stands for the warm-up ResNet-110 was given.
  resnet: recipe('He et al., CVPR 2016 (CIFAR)', { ...cifar, epochs: 164, milestones: [82, 123], warmupEpochs: 1 }),
  densenet: recipe('Huang et al., CVPR 2017 (CIFAR)', {
    ...{ ...cifar, batch: 64, nesterov: true },
    ...{ epochs: 300, milestones: [150, 225] },
  }),
  slimming: recipe('Liu et al., ICCV 2017 (CIFAR)', {
    ...{ ...cifar, batch: 64, nesterov: true },
    ...{ epochs: 160, milestones: [80, 120] },
  }),
  // The paper's first epoch runs at a tenth of the rate; here the rate climbs through it.
  sfp: recipe('He et al., IJCAI 2018 (CIFAR)', { ...cifar, ...fallsBy5, epochs: 200, warmupEpochs: 1 }),
  ghfp: recipe('Cai et al., IJCNN 2021 (CIFAR-10)', { ...cifar, ...fallsBy5, epochs: 200, cutout: 12 }),
  ucp: recipe('Chang et al., JIFS 2021 (CIFAR)', { ...cifar, batch: 64, epochs: 160, milestones: [80, 120] }),
  abcpruner: recipe('Lin et al., IJCAI 2020 (CIFAR, fine-tuning)', {
    ...{ ...cifar, batch: 256, learningRate: 0.01, weightDecay: 5e-4 },
    ...{ epochs: 150, milestones: [75, 112] },
  }),
  // 50,000 steps of 125 images; the paper also averages the weights, which this does not.
  ista: recipe('Ye et al., ICLR 2018 (CIFAR, fine-tuning)', {
    ...{ ...cifar, batch: 125, learningRate: 0.01, weightDecay: 5e-4 },
    epochs: 125,
  }),
  'sfp-ilsvrc': recipe('He et al., IJCAI 2018 (ILSVRC)', {
    ...{ ...cifar, batch: 256, nesterov: true },
    ...{ epochs: 100, milestones: [30, 60, 90] },
  }),
  'ucp-ilsvrc': recipe('Chang et al., JIFS 2021 (ILSVRC)', {
    ...cifar,
    batch: 256,
    nesterov: true,
    epochs: 90,
    milestones: [50, 70],
  }),
}

const momentum = 0.9
/** What the rate falls by where a paper does not say otherwise. */
const tenfold = 0.1

/** `recipes.list`: each with what it is. */
export const listRecipes = (): CallResult<'recipes.list'> => ({
  recipes: Object.entries(publishedRecipes).map(([name, { from, values }]) => ({
    ...{ name: name as RecipeName, from, momentum, milestones: [], decay: tenfold, warmupEpochs: 0, cutout: 0 },
    ...values,
  })),
})

/**
 * A published recipe over so many epochs: its own, or others, to which its milestones are stretched.
 * @param epochs undefined: the recipe's own
 */
export function publishedRecipe(name: RecipeName, epochs?: number): Partial<Recipe> & { readonly epochs: number } {
  const { values } = publishedRecipes[name]
  const whole = epochs ?? values.epochs
  const milestones = values.milestones?.map((milestone) => (milestone * whole) / values.epochs)
  const warmupEpochs = Math.min(values.warmupEpochs ?? 0, whole / 10)
  const schedule = milestones ? 'step' : 'constant'
  return { ...values, epochs: whole, schedule, momentum, warmupEpochs, ...(milestones && { milestones }) }
}
