import { describe, expect, it } from 'vitest'
import type { Dim, Network } from '../../../src-main/core/graph/network'
import { sizesFrom, withSizes } from '../../../src-main/program/input-size'
import { livelyResnet } from '../../fixtures/networks'

const network = (shape: Dim[] | undefined): Network => ({
  ...livelyResnet(),
  inputs: [{ name: 'image', type: 'float32', shape }],
})
const open = network(['N', 3, 'H', 'W'])
const of = (input: string | undefined, given = open) => sizesFrom(input, given, 'net.onnx')

describe('--input', () => {
  it('names the sizes that a file leaves open', () => {
    expect(of('3x320x240')).toEqual({ H: 320, W: 240 })
    expect(of(undefined)).toBeUndefined()
    expect(of('3x32x32', network(['N', 3, 32, 32]))).toBeUndefined()
    expect(of('3x64x64', network(['N', 'C', 'S', 'S']))).toEqual({ C: 3, S: 64 })
  })

  it('writes them into the inputs, and leaves the batch open', () => {
    expect(withSizes(open, { H: 320, W: 240 }).inputs[0]!.shape).toEqual(['N', 3, 320, 240])
    expect(withSizes(network(['S', 3, 'S', 8]), { S: 9 }).inputs[0]!.shape).toEqual(['S', 3, 9, 8])
    expect(withSizes(open, undefined)).toBe(open)
  })

  it.each([
    ['3x32', open, 'input-fixed', 'takes 3 sizes behind the batch, not 2'],
    ['1x32x32', open, 'input-fixed', '"image" is [N, 3, H, W], where 3 cannot be 1'],
    ['3x32x16', network(['N', 3, 'S', 'S']), 'input-fixed', 'where "S" cannot be 16'],
    ['3x32x32', network(undefined), 'input-fixed', 'gives no shape'],
    ['3x32x-1', open, 'input-syntax', 'is not like'],
    ['threexfour', open, 'input-syntax', 'is not like'],
    ['3x32x1.5', open, 'input-syntax', 'is not like'],
  ])('%s is refused', (input, given, code, message) => {
    expect(() => of(input, given)).toThrowError(
      expect.objectContaining({
        failure: expect.objectContaining({ code, message: expect.stringContaining(message) }),
      }),
    )
  })
})
