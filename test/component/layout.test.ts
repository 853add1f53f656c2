import { describe, expect, it } from 'vitest'
import { layered } from '../../src-renderer/features/model/layers'
import { layOut } from '../../src-renderer/features/model/layout'
import { rankNodes } from '../../src-renderer/features/model/ranks'
import { findGroups } from '../../src-main/core/coupling/groups'
import { outlineOf, type Outline } from '../../src-main/core/coupling/outline'
import { createResnet } from '../../src-main/core/graph/architectures'

const outline = outlineOf(findGroups(createResnet(20, 10, [3, 32, 32], 0)))

/** A ladder: `rungs` diamonds one below the other, and an edge past all of them. */
function ladder(rungs: number): Pick<Outline, 'nodes' | 'edges'> {
  const plain = {
    name: '',
    layer: '',
    op: 'Relu',
    kind: 'op',
    shape: [],
    macs: 1,
    params: 0,
    makes: [],
    reads: [],
  } as const
  const edges: [number, number][] = []
  for (let i = 0; i < rungs; i++)
    for (const side of [1, 2]) edges.push([3 * i, 3 * i + side], [3 * i + side, 3 * i + 3])
  edges.push([0, 3 * rungs])
  return { nodes: Array.from({ length: 3 * rungs + 1 }, () => plain), edges }
}

describe('rankNodes', () => {
  it('puts each node below all that it reads, and what reads nothing just above its reader', () => {
    expect([
      ...rankNodes(5, [
        [0, 1],
        [1, 2],
        [0, 2],
        [3, 4],
        [2, 4],
      ]),
    ]).toEqual([0, 1, 2, 2, 3])
  })
})

describe('layered', () => {
  it('bends an edge once in every layer that it passes', () => {
    const { routes, layers } = layered(Int32Array.of(0, 1, 2, 3), [
      [0, 1],
      [1, 2],
      [2, 3],
      [0, 3],
    ])
    expect(routes[3]).toHaveLength(4)
    expect(layers.map((layer) => layer.length)).toEqual([1, 2, 2, 1])
  })

  it('untangles what can be untangled', () => {
    // 0 → 3 and 1 → 2 cross in the order given.
    const { layers } = layered(Int32Array.of(0, 0, 1, 1), [
      [0, 3],
      [1, 2],
    ])
    const [upper, lower] = layers as [number[], number[]]
    expect(upper.indexOf(0) < upper.indexOf(1)).toBe(lower.indexOf(3) < lower.indexOf(2))
  })
})

describe('layOut', () => {
  it.each([
    ['a ResNet', outline],
    ['a ladder of 400 nodes', ladder(133)],
  ])('of %s: no boxes overlap, and all edges lead down', (_, graph) => {
    const { boxes, lines } = layOut(graph)
    const byHeight = new Map<number, (typeof boxes)[number][]>()
    for (const box of boxes) byHeight.set(box.y, [...(byHeight.get(box.y) ?? []), box])
    for (const row of byHeight.values()) {
      row.sort((a, b) => a.x - b.x)
      row.slice(1).forEach((box, i) => expect(box.x - box.width / 2).toBeGreaterThan(row[i]!.x + row[i]!.width / 2))
    }
    for (const line of lines)
      for (let i = 3; i < line.length; i += 2) expect(line[i]!).toBeGreaterThanOrEqual(line[i - 2]! - 1e-3)
  })

  it('keeps a ResNet’s trunk straight', () => {
    const { boxes } = layOut(outline)
    const adds = outline.nodes.flatMap((node, i) => (node.op === 'Add' ? [boxes[i]!.x] : []))
    expect(new Set(adds.map(Math.round)).size).toBe(1)
  })

  it('draws a chain straight', () => {
    const chain = {
      ...ladder(1),
      edges: [
        [0, 1],
        [1, 2],
        [2, 3],
      ] as [number, number][],
    }
    expect(new Set(layOut(chain).boxes.map(({ x }) => x)).size).toBe(1)
  })

  it('takes a network without nodes', () => {
    expect(layOut({ nodes: [], edges: [] }).boxes).toEqual([])
  })
})
