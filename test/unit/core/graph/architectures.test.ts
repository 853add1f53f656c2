import { describe, expect, it } from 'vitest'
import { createArchitecture } from '../../../../src-main/core/graph/architectures'
import { networkCost } from '../../../../src-main/core/graph/cost'

describe('createArchitecture', () => {
  it.each([
    // Convolutions 14,710,464, BN 2·4,224, dense 5,130; the published 14.7 M and 313 M.
    ['vgg16', 10, [3, 32, 32], 14_724_042, 313_196_544 + 5120],
    // torchvision: 3,504,872 parameters; the paper's 300 M.
    ['mobilenetv2', 1000, [3, 224, 224], 3_504_872, 300_774_272],
  ] as const)('%s for %i classes at %j has the published size', (name, classes, input, params, macs) => {
    const cost = networkCost(createArchitecture(name, classes, input, 0))
    expect(cost.params).toBe(params)
    expect(cost.macs).toBe(macs)
  })

  it('names what there is', () => {
    expect(() => createArchitecture('lenet', 10, [1, 28, 28], 0)).toThrowError(
      expect.objectContaining({ failure: expect.objectContaining({ code: 'architecture-unknown' }) }),
    )
    expect(() => createArchitecture('vgg16', 10, [3, 16, 16], 0)).toThrowError(
      expect.objectContaining({ failure: expect.objectContaining({ code: 'input-too-small' }) }),
    )
  })
})
