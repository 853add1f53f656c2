import { describe, expect, it } from 'vitest'
import { createArchitecture } from '../../../../src-main/core/graph/architectures'
import { networkCost } from '../../../../src-main/core/graph/cost'

/** The small ones; those with tens of millions of weights are in test/zoo. */
describe('createArchitecture', () => {
  it.each([
    // Convolutions 14,710,464, BN 2·4,224, dense 5,130; the published 14.7 M and 313 M.
    ['vgg16', 10, [3, 32, 32], 14_724_042, 313_196_544 + 5120],
    // He et al., CVPR 2016, table 6: 0.27 M, 0.85 M, 1.7 M.
    ['resnet20', 10, [3, 32, 32], 269_722, 40_551_040],
    ['resnet56', 10, [3, 32, 32], 853_018, 125_485_696],
    ['resnet110', 10, [3, 32, 32], 1_727_962, 252_887_680],
    // Network Slimming's 1.70 M and 1.02 M.
    ['resnet164', 10, [3, 32, 32], 1_703_258, 247_646_720],
    ['densenet40', 10, [3, 32, 32], 1_019_722, 264_812_928],
    // HRank: 6.15 M and 1.52 G; with the convolutions' 7,904 needless biases 6,166,250.
    ['googlenet', 10, [3, 32, 32], 6_166_250 - 7904, 1_521_756_160],
    // torchvision: 3,504,872 parameters; the paper's 300 M.
    ['mobilenetv2', 1000, [3, 224, 224], 3_504_872, 300_774_272],
    // torchvision: 6,624,904 parameters and 1.498 G.
    ['googlenet', 1000, [3, 224, 224], 6_624_904, 1_498_376_192],
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
