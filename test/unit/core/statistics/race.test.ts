import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../../src-main/core/statistics/random'
import { beyondDoubtLarger, pairedDifference } from '../../../../src-main/core/statistics/race'

const random = createRandom(3)
const hard = Array.from({ length: 256 }, () => Math.exp(random.normal()))
const scores = (level: number) => hard.map((own) => own * level * (1 + 0.3 * random.normal()))

describe('a race on the same images', () => {
  it('sees a difference that the images would drown if they were not the same', () => {
    const difference = beyondDoubtLarger(scores(1.15), scores(1))
    expect(difference).toBeGreaterThan(0.1)
    const { error } = pairedDifference(scores(1.15), scores(1))
    const spread = Math.sqrt(hard.reduce((sum, own) => sum + (own - 1.65) ** 2, 0) / 255 / 256) * Math.SQRT2
    expect(error).toBeLessThan(spread / 2)
  })

  it('drops an equal in one of two hundred cases, and never the better one', () => {
    const trials = Array.from({ length: 400 }, () => beyondDoubtLarger(scores(1), scores(1)))
    expect(trials.filter((lost) => lost !== undefined).length).toBeLessThanOrEqual(7)
    expect(beyondDoubtLarger(scores(0.9), scores(1))).toBeUndefined()
  })

  it('does not compare what is not paired', () => {
    expect(() => beyondDoubtLarger([1, 2], [1])).toThrow(RangeError)
    expect(() => beyondDoubtLarger([1], [1])).toThrow(RangeError)
  })
})
