import { describe, it } from 'vitest'
import { expectStepsFound } from '../../fixtures/hidden-steps'

describe('staircases of the synthetic device', () => {
  // More seeds in test/kills, which has the time.
  it('are found step by step', () => expectStepsFound(1), 120_000)
})
