import { expect, test } from 'vitest'
import { findGroups } from '../../src-main/core/coupling/groups'
import type { Network } from '../../src-main/core/graph/network'
import { aboveMean, fromScratch, gateScores, insertGates, withoutGates } from '../../src-main/core/methods/gates'
import { createRandom } from '../../src-main/core/statistics/random'
import { forward, relativeDifference } from '../fixtures/forward'
import { quickResnet } from '../fixtures/networks'

const network = quickResnet()
const groups = findGroups(network).groups.filter(({ prunable }) => prunable)
const gated = insertGates(network, groups, createRandom(1))

/** Gates that see nothing are one half everywhere. */
function blind(of: Network): Network {
  const initializers = new Map(of.initializers)
  for (const [name, tensor] of initializers)
    if (name.includes('/gate.squeeze.weight')) initializers.set(name, { ...tensor, data: tensor.data.map(() => 0) })
  return { ...of, initializers }
}

test('a block stands behind each convolution, of one hidden unit with biases where there are 16 channels or fewer', () => {
  expect(gated.gates.map(({ group, weight }) => [group, weight])).toEqual([
    ['stem', 'stem.weight'],
    ['block.conv1', 'block.conv1.weight'],
    ['stem', 'block.conv2.weight'],
    ['down', 'down.weight'],
  ])
  expect(gated.network.initializers.get('down/gate.squeeze.weight')!.shape).toEqual([1, 16, 1, 1])
  expect(gated.network.initializers.get('down/gate.excite.bias')!.shape).toEqual([16])
})

test('taken out, filters are worth their mean gate: exact where gates do not depend on the image', async () => {
  const trained = blind(gated.network)
  const means = new Map(gated.gates.map(({ tensor, units }) => [tensor, new Float64Array(units.length).fill(0.5)]))
  const bare = withoutGates(network, trained, gated.gates, means)
  expect([...bare.initializers.keys()]).toEqual([...network.initializers.keys()])
  expect(relativeDifference(await forward(trained), await forward(bare))).toBeLessThan(1e-5)
})

test('a unit that several convolutions make has the mean of their gates; those above the mean stay', () => {
  const means = new Map(
    gated.gates.map(({ tensor, units }, i) => [tensor, Float64Array.from(units, (_, c) => (i + 1) / 10 + c / 100)]),
  )
  const stem = groups.find(({ id }) => id === 'stem')!
  // Gates 0 and 2: (0.1 + 0.3) / 2 + c / 100.
  expect(gateScores(stem, gated.gates, means)[3]).toBeCloseTo(0.23, 12)
  expect(aboveMean(Float64Array.of(0.4, 0.6, 0.5, 0.7), 0)).toBe(2)
  expect(aboveMean(Float64Array.of(0.4, 0.6, 0.5, 0.7), 0.2)).toBe(1)
  expect(aboveMean(Float64Array.of(0.5, 0.5), 0.1)).toBe(1)
})

test('from scratch, BN begins as it does and weights are drawn anew', () => {
  const fresh = fromScratch(network, createRandom(2))
  expect([...fresh.initializers.get('down.bn.weight')!.data]).toEqual(new Array(16).fill(1))
  expect([...fresh.initializers.get('down.bn.running_mean')!.data]).toEqual(new Array(16).fill(0))
  expect(fresh.initializers.get('down.weight')!.data).not.toEqual(network.initializers.get('down.weight')!.data)
  const { data } = fresh.initializers.get('down.weight')!
  const deviation = Math.sqrt(Array.from(data, Number).reduce((sum, value) => sum + value * value, 0) / data.length)
  expect(deviation).toBeCloseTo(Math.sqrt(2 / 72), 2)
})
