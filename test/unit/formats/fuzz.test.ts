import { describe, expect, it } from 'vitest'
import { byteMutations, graphMutations } from '../../fuzz/mutations'
import { seeds } from '../../fuzz/seeds'
import { trial } from '../../fuzz/trial'

const models = seeds(false)

describe('importing a damaged file', () => {
  it('works or fails with an input error that names the place', () => {
    const verdicts = Array.from({ length: 400 }, (_, i) => ({ i, ...trial(models[i % models.length]!, i) }))
    expect(verdicts.filter(({ wrong }) => wrong)).toEqual([])
    // The test could not fail if damage were never noticed.
    const outcomes = new Set(verdicts.map(({ outcome }) => outcome))
    expect([...outcomes]).toEqual(
      expect.arrayContaining(['onnx-truncated', 'onnx-dangling', 'onnx-cycle', 'onnx-shape', 'onnx-tensor']),
    )
    expect(new Set(verdicts.map(({ kind }) => kind)).size).toBe(
      Object.keys(byteMutations).length + Object.keys(graphMutations).length,
    )
  })

  it('is the same for the same number', () => {
    const { milliseconds: _a, ...first } = trial(models[0]!, 7)
    const { milliseconds: _b, ...second } = trial(models[0]!, 7)
    expect(second).toEqual(first)
  })
})
