import { expect, it } from 'vitest'
import { globalThreshold } from '../../../../src-main/core/methods/global-threshold'

const groups = [
  { id: 'a', scores: Float64Array.of(0.9, 0.1, 0.8, 0.2) },
  { id: 'b', scores: Float64Array.of(0.3, 0.05, 0.04, 0.02, 0.7, 0.01) },
]

it('keeps the best of all channels, wherever they are', () => {
  // Half of ten: 0.9, 0.8, 0.7, 0.3, 0.2.
  const family = globalThreshold(groups, 10)
  expect(family.widths(0.5)).toEqual({ a: 3, b: 2 })
  expect(Object.fromEntries(family.keep(0.5))).toEqual({ a: [0, 2, 3], b: [0, 4] })
})

it('leaves some of each group', () => {
  expect(globalThreshold(groups, 10).widths(0.2)).toEqual({ a: 2, b: 1 })
  expect(globalThreshold(groups, 10, 2).widths(0.2)).toEqual({ a: 2, b: 2 })
})

it('counts shares of the original, where some have gone before', () => {
  expect(globalThreshold(groups, 20).widths(0.5)).toEqual({ a: 4, b: 6 })
  expect(globalThreshold(groups, 20).widths(0.25)).toEqual({ a: 3, b: 2 })
})
