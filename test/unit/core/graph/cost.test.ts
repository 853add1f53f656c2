import { describe, expect, it } from 'vitest'
import { createResnet } from '../../../../src-main/core/graph/architectures'
import { networkCost } from '../../../../src-main/core/graph/cost'
import { flatteningNetwork } from '../../../fixtures/networks'

describe('networkCost', () => {
  // 125.49 M MACs and 853,018 parameters are the published counts of ResNet-56 with option-A shortcuts.
  it('equals the published counts of ResNet-56', () => {
    const cost = networkCost(createResnet(56, 10, [3, 32, 32], 0))
    expect(cost.macs).toBe(125_485_696)
    expect(cost.params).toBe(853_018)
  })

  it('equals a hand count', () => {
    const cost = networkCost(flatteningNetwork())
    expect(cost.macs).toBe(6 * 27 * 16 + 5 * 54 * 16 + 80 * 4)
    expect(cost.params).toBe(6 * 27 + 5 * 54 + 2 * 5 + 80 * 4 + 4)
    // At conv2: its input (6×4×4) and its output (5×4×4) are alive.
    expect(cost.peakActivationBytes).toBe(4 * 16 * (6 + 6))
  })
})
