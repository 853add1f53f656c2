import { describe, expect, it } from 'vitest'
import { couplingRules } from '../../../src-main/core/coupling/rules'
import { opRows } from '../../../src-main/core/graph/ops'
import { cutRules } from '../../../src-main/core/pruning/cuts'

/** Ops with a shape but no coupling rule: they block what reaches them. */
const blocking = [
  'ArgMax',
  'ArgMin',
  'ConstantOfShape',
  'CumSum',
  'GatherElements',
  'Hardmax',
  'LpNormalization',
  'MeanVarianceNormalization',
  'OneHot',
  'ScatterElements',
  'ScatterND',
  'Size',
  'TopK',
]

describe('the tables keyed by operator', () => {
  it('couple every op that has a shape, or block it on purpose', () => {
    expect(
      Object.keys(opRows)
        .filter((op) => !couplingRules[op])
        .sort(),
    ).toEqual(blocking)
  })

  it('name no op that graph/ops does not know', () => {
    expect([...Object.keys(couplingRules), ...Object.keys(cutRules)].filter((op) => !opRows[op])).toEqual([])
  })
})
