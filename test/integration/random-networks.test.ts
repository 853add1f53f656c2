import { describe, expect, it } from 'vitest'
import { findGroups } from '../../src-main/core/coupling/groups'
import { constructs } from '../fixtures/random-networks/constructs'
import { describeNetwork, prove, type Proof } from '../fixtures/random-networks/proof'
import { networkOf, randomRecipe, shrink, type Recipe } from '../fixtures/random-networks/recipe'

/** LUPINE_RANDOM_NETWORKS=5000 for a longer run, LUPINE_RANDOM_SEED=17 to begin at another network. */
const count = Number(process.env['LUPINE_RANDOM_NETWORKS'] ?? 200)
const start = Number(process.env['LUPINE_RANDOM_SEED'] ?? 0)

const attempt = async (recipe: Recipe): Promise<Proof> => {
  try {
    return await prove(networkOf(recipe), recipe.seed, 2)
  } catch (error) {
    return {
      faults: [String((error as Error).stack)],
      plans: 0,
      visible: 0,
      swaps: 0,
      noticed: 0,
      channels: 0,
      prunable: 0,
    }
  }
}

/** A failing recipe made as small as it gets, in words. */
async function explain(recipe: Recipe): Promise<string> {
  const small = await shrink(recipe, async (smaller) => (await attempt(smaller)).faults.length > 0)
  const { faults } = await attempt(small)
  const steps = small.steps.map(({ kind }) => kind).join(', ')
  const graph = describeNetwork(findGroups(networkOf(small)))
  return `network ${recipe.seed} (${steps || 'no step'}):\n${faults.join('\n')}\n${graph}`
}

async function proveAll(recipes: readonly Recipe[]): Promise<Proof> {
  const total = { plans: 0, visible: 0, swaps: 0, noticed: 0, channels: 0, prunable: 0 }
  const faults: string[] = []
  for (const recipe of recipes) {
    const proof = await attempt(recipe)
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += proof[key]
    if (proof.faults.length > 0 && faults.length < 3) faults.push(await explain(recipe))
  }
  return { faults, ...total }
}

describe('random networks, pruned at random', () => {
  it(
    `compute what their masked originals compute (${count} from ${start})`,
    async () => {
      const proof = await proveAll(Array.from({ length: count }, (_, i) => randomRecipe(start + i)))
      expect(proof.faults.join('\n\n')).toBe('')
      // The comparison could not fail if masks changed nothing, or if one channel were as good as another.
      expect(proof.plans).toBeGreaterThan(count)
      expect(proof.visible / proof.plans).toBeGreaterThan(0.95)
      expect(proof.noticed / proof.swaps).toBeGreaterThan(0.9)
      expect(proof.prunable / proof.channels).toBeGreaterThan(0.5)
    },
    Math.max(60_000, count * 1000),
  )
})

describe('each construct alone', () => {
  it.each(Object.keys(constructs))('%s', async (kind) => {
    const recipes = Array.from({ length: 3 }, (_, seed) => ({ seed, steps: [{ kind, from: 1, seed: seed + 100 }] }))
    expect((await proveAll(recipes)).faults.join('\n\n')).toBe('')
  })
})
