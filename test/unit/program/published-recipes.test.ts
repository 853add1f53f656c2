import { expect, it, test } from 'vitest'
import { recipeName } from '../../../src-main/contract'
import { learningRateAt } from '../../../src-main/engines/training/schedule'
import { publishedRecipe } from '../../../src-main/program/published-recipes'
import { finetuneRecipe } from '../../../src-main/program/recipes'

const rates = (name: (typeof recipeName.options)[number], epochs: readonly number[], over?: number): number[] => {
  const changes = publishedRecipe(name, over)
  const recipe = finetuneRecipe(changes.epochs, 0, changes)
  return epochs.map((epoch) => Number(learningRateAt(Math.round(epoch * 10), 10, recipe).toPrecision(6)))
}

// As the papers, or their authors' code, print them.
test.each([
  ['resnet', [1, 81.9, 82, 122.9, 123, 163.9], [0.1, 0.1, 0.01, 0.01, 0.001, 0.001]],
  ['sfp', [0, 1, 59.9, 60, 120, 160], [0.01, 0.1, 0.1, 0.02, 0.004, 0.0008]],
  ['ucp', [0, 79.9, 80, 120], [0.1, 0.1, 0.01, 0.001]],
  ['abcpruner', [0, 74.9, 75, 112], [0.01, 0.01, 0.001, 0.0001]],
  ['ista', [0, 60, 124.9], [0.01, 0.01, 0.01]],
  ['sfp-ilsvrc', [0, 30, 60, 90], [0.1, 0.01, 0.001, 0.0001]],
] as const)('%s has the rates of its paper', (name, epochs, expected) => {
  expect(rates(name, epochs)).toEqual(expected)
})

it('stretches milestones over other numbers of epochs', () => {
  expect(publishedRecipe('ghfp', 20)).toMatchObject({ epochs: 20, milestones: [6, 12, 16], cutout: 12 })
  expect(rates('ghfp', [5.9, 6, 12, 16], 20)).toEqual([0.1, 0.02, 0.004, 0.0008])
})

it('has one for every name, with what is given besides put before it', () => {
  for (const name of recipeName.options) {
    const recipe = finetuneRecipe(1, 0, { ...publishedRecipe(name), batch: 16 })
    expect(recipe.epochs).toBeGreaterThan(80)
    expect(recipe).toMatchObject({ momentum: 0.9, batch: 16 })
  }
})
