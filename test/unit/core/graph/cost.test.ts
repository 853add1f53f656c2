import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cleanNetwork } from '../../../../src-main/core/graph/clean'
import { readOnnx } from '../../../../src-main/formats/onnx/read'
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

  const vgg19 = resolve(import.meta.dirname, '../../../../../shared/data/zoo/onnx/light-vgg19.onnx')
  it.skipIf(!existsSync(vgg19))("equals VGG-19's hand count, whose weights are made at run time", () => {
    const cost = networkCost(cleanNetwork(readOnnx(new Uint8Array(readFileSync(vgg19)), vgg19)))
    let [macs, params, channels, side] = [0, 0, 3, 224]
    for (const [width, count] of [
      [64, 2],
      [128, 2],
      [256, 4],
      [512, 4],
      [512, 4],
    ] as const) {
      for (let i = 0; i < count; i++) {
        macs += 9 * channels * width * side ** 2
        params += 9 * channels * width + width
        channels = width
      }
      side /= 2
    }
    for (const [inputs, outputs] of [
      [512 * 7 * 7, 4096],
      [4096, 4096],
      [4096, 1000],
    ] as const) {
      macs += inputs * outputs
      params += inputs * outputs + outputs
    }
    expect(cost).toMatchObject({ macs, params })
    // At the second convolution and its Relu: 64 × 224 × 224 in and out.
    expect(cost.peakActivationBytes).toBe(2 * 4 * 64 * 224 * 224)
  })
})
