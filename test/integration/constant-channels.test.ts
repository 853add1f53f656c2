import { expect, test } from 'vitest'
import { findBranches } from '../../src-main/core/coupling/branches'
import { findGroups } from '../../src-main/core/coupling/groups'
import { NetworkBuilder } from '../../src-main/core/graph/builder'
import type { Network } from '../../src-main/core/graph/network'
import { absorbConstants, constantChannels, constantUnits } from '../../src-main/core/methods/constant-channels'
import { memoryPenalties, rescaled } from '../../src-main/core/methods/ista'
import { applyPlan } from '../../src-main/core/pruning/surgery'
import { createRandom } from '../../src-main/core/statistics/random'
import { forward, relativeDifference } from '../fixtures/forward'
import { withLivelyNorms } from '../fixtures/networks'

/** Convolution and BN, twice, the second reading the first through ReLU and a pool; then a dense layer. */
function chain(kernel: number): Network {
  const b = new NetworkBuilder(createRandom(4))
  const first = b.node('Relu', 'relu1', [b.batchNorm('bn1', b.conv('conv1', 'input', 3, 6, 3), 6)])
  const pooled = b.node('MaxPool', 'pool', [first], { kernel_shape: [2, 2], strides: [2, 2] })
  const second = b.node('Relu', 'relu2', [b.batchNorm('bn2', b.conv('conv2', pooled, 6, 5, kernel), 5)])
  const flat = b.node('Flatten', 'flatten', [second], { axis: 1 })
  return withLivelyNorms(b.finish('chain', [3, 8, 8], b.dense('fc', flat, 80, 4), 4), 3)
}

/** γ of some channels set to zero, β to what ReLU lets through. */
function silenced(network: Network, norm: string, channels: readonly number[]): Network {
  const initializers = new Map(network.initializers)
  for (const [name, to] of Object.entries({ [`${norm}.weight`]: 0, [`${norm}.bias`]: 0.7 })) {
    const tensor = initializers.get(name)!
    const data = Float32Array.from(tensor.data as Float32Array, (value, i) => (channels.includes(i) ? to : value))
    initializers.set(name, { ...tensor, data })
  }
  return { ...network, initializers }
}

function cut(network: Network) {
  const coupling = findGroups(network)
  const constants = constantChannels(coupling)
  const keep = new Map(
    coupling.groups.flatMap((group): [string, number[]][] => {
      const gone = group.prunable ? constantUnits(coupling, group, constants) : []
      const stays = Array.from({ length: group.channels }, (_, unit) => unit).filter((unit) => !gone.includes(unit))
      return gone.length > 0 ? [[group.id, stays]] : []
    }),
  )
  const { network: absorbed, padded } = absorbConstants(coupling, keep, constants)
  const again = findGroups(absorbed)
  return { keep, padded, pruned: applyPlan(again, findBranches(again), keep) }
}

test('what channels with γ = 0 contribute goes into the next running mean and bias, exactly without padding', async () => {
  const network = silenced(silenced(chain(1), 'bn1', [1, 4]), 'bn2', [0])
  const { keep, padded, pruned } = cut(network)
  expect(Object.fromEntries(keep)).toEqual({ conv1: [0, 2, 3, 5], conv2: [1, 2, 3, 4] })
  expect(padded).toEqual([])
  expect(relativeDifference(await forward(network), await forward(pruned))).toBeLessThan(1e-5)
})

test('with padding the border differs, and the layer is named', async () => {
  const network = silenced(chain(3), 'bn1', [1, 4])
  const { padded, pruned } = cut(network)
  expect(padded).toEqual(['conv2'])
  const difference = relativeDifference(await forward(network), await forward(pruned))
  expect(difference).toBeGreaterThan(1e-4)
  expect(difference).toBeLessThan(0.5)
})

test('rescaled scales leave the function as it was', async () => {
  // The ε of the BN behind makes the difference.
  const network = chain(3)
  const groups = findGroups(network).groups.filter(({ prunable }) => prunable)
  const small = rescaled(network, groups, 0.1)
  const gamma = (of: Network) => Number(of.initializers.get('bn1.weight')!.data[0])
  expect(gamma(small)).toBeCloseTo(0.1 * gamma(network), 6)
  expect(relativeDifference(await forward(network), await forward(small))).toBeLessThan(1e-5)
})

test('a penalty weighs what a channel holds, worked out by hand', () => {
  const network = chain(3)
  const { groups } = findGroups(network)
  const penalties = memoryPenalties(
    findGroups(network),
    groups.filter(({ prunable }) => prunable),
  )
  // 3·3·3 of its own, 3·3·5 in conv2, 8×8 pixels; over 8×8.
  expect(penalties.get('bn1.weight')).toBeCloseTo((27 + 45 + 64) / 64, 12)
  // 3·3·6 of its own, 16 pixels times 4 in the dense layer, 4×4 pixels.
  expect(penalties.get('bn2.weight')).toBeCloseTo((54 + 64 + 16) / 64, 12)
})
