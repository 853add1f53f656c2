import { describe, expect, it } from 'vitest'
import { fixedBatch, withOpenBatch } from '../../../../src-main/core/graph/batch'
import { NetworkBuilder } from '../../../../src-main/core/graph/builder'
import type { Network } from '../../../../src-main/core/graph/network'
import { inferShapes } from '../../../../src-main/core/graph/shapes'
import { createRandom } from '../../../../src-main/core/statistics/random'

/** Flattens by Reshape to `target`, with the batch fixed at 2. */
function network(target: number[], widths: [number, number] = [64, 3]): Network {
  const b = new NetworkBuilder(createRandom(0))
  const x = b.node('Relu', 'relu', [b.conv('conv', 'input', 3, 4, 3)])
  const flat = b.node('Reshape', 'reshape', [x, b.integers('target', target)])
  const made = b.finish('n', [3, 4, 4], b.dense('fc', flat, ...widths), 3)
  const fix = (info: Network['inputs'][number]) => ({ ...info, shape: [2, ...info.shape!.slice(1)] })
  return { ...made, inputs: made.inputs.map(fix), outputs: made.outputs.map(fix) }
}

describe('withOpenBatch', () => {
  it.each([[[2, -1]], [[2, 64]], [[-1, 64]], [[0, -1]]])('opens a Reshape to %j', (target) => {
    const opened = withOpenBatch(network(target))
    expect(fixedBatch(network(target))).toBe(2)
    expect(fixedBatch(opened)).toBeUndefined()
    expect(opened.outputs[0]!.shape).toEqual(['batch', 3])
    expect(inferShapes(opened).get('fc_out')).toEqual(['batch', 3])
  })

  it('leaves an open batch open, and the network it was given alone', () => {
    const fixed = network([2, -1])
    const opened = withOpenBatch(fixed)
    expect(withOpenBatch(opened)).toBe(opened)
    expect(Array.from(fixed.initializers.get('target')!.data)).toEqual([2, -1])
  })

  it('keeps a batch that is mixed into other dimensions', () => {
    const mixed = network([1, 128], [128, 3])
    expect(withOpenBatch(mixed)).toBe(mixed)
  })
})
