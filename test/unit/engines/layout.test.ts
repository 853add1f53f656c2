import { describe, expect, test } from 'vitest'
import {
  fromGraph,
  graphAxis,
  graphShape,
  permute,
  placeholderShape,
  toGraph,
  toNchw,
  toNhwc,
} from '../../../src-main/engines/compiler/layout'

const count = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => i)

describe('layouts', () => {
  test('a permutation moves each element to its place', () => {
    // [2, 3] → [3, 2]
    expect([...permute(count(6), [2, 3], [1, 0])]).toEqual([0, 3, 1, 4, 2, 5])
  })

  test('OIHW becomes HWIO', () => {
    const shape = [5, 4, 3, 2]
    const graph = toGraph(count(120), shape, 'conv')
    expect(graphShape(shape, 'conv')).toEqual([3, 2, 4, 5])
    // w[o=1, i=2, y=1, x=0] lies at [y, x, i, o] = [1, 0, 2, 1]
    expect(graph[((1 * 2 + 0) * 4 + 2) * 5 + 1]).toBe(((1 * 4 + 2) * 3 + 1) * 2 + 0)
  })

  test('depthwise filters keep channel c, multiplier m together', () => {
    const shape = [6, 1, 2, 2]
    const graph = toGraph(count(24), shape, 'depthwise')
    expect(graphShape(shape, 'depthwise', 3)).toEqual([2, 2, 3, 2])
    // Output channel 5 = channel 2, multiplier 1; tap [1, 0].
    expect(graph[((1 * 2 + 0) * 3 + 2) * 2 + 1]).toBe(5 * 4 + 2)
  })

  test.each(['same', 'conv', 'depthwise'] as const)('%s: there and back, as a copy', (layout) => {
    const shape = [6, layout === 'depthwise' ? 1 : 4, 3, 2]
    const values = count(shape.reduce((a, b) => a * b))
    const back = fromGraph(toGraph(values, shape, layout), shape, layout)
    expect(back).toEqual(values)
    expect(back.buffer).not.toBe(values.buffer)
    expect(toGraph(values, shape, layout).buffer).not.toBe(values.buffer)
  })

  test('images: there and back', () => {
    const shape = [2, 3, 4, 5]
    const images = count(120)
    expect(toNchw(toNhwc(images, shape), shape)).toEqual(images)
    expect(toNhwc(images, shape)[1]).toBe(20)
  })

  test('axes and shapes', () => {
    expect([0, 1, 2, 3, -1].map((axis) => graphAxis(axis, 4))).toEqual([0, 3, 1, 2, 2])
    expect(graphAxis(-1, 2)).toBe(1)
    expect(placeholderShape(['batch', 3, 8, 9])).toEqual([-1, 8, 9, 3])
    expect(placeholderShape(['batch', 7])).toEqual([-1, 7])
  })
})
