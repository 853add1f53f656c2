import { describe, expect, it } from 'vitest'
import { findGroups } from '../../../../src-main/core/coupling/groups'
import { outlineOf } from '../../../../src-main/core/coupling/outline'
import { createResnet } from '../../../../src-main/core/graph/architectures'
import { NetworkBuilder } from '../../../../src-main/core/graph/builder'
import { networkCost } from '../../../../src-main/core/graph/cost'
import { createRandom } from '../../../../src-main/core/statistics/random'

const network = createResnet(20, 10, [3, 32, 32], 0)
const coupling = findGroups(network)
const { nodes, edges } = outlineOf(coupling)
const groupIndex = (id: string) => coupling.groups.findIndex((group) => group.id === id)
const layer = (name: string) => nodes.find((node) => node.layer === name)!

describe('outlineOf', () => {
  it('has inputs first, outputs last, and an edge from a maker to each of its readers', () => {
    expect([nodes[0]?.kind, nodes.at(-1)?.kind, nodes.length]).toEqual(['input', 'output', network.nodes.length + 2])
    for (const [from, to] of edges) expect(from).toBeLessThan(to)
    const add = nodes.findIndex((node) => node.op === 'Add')
    expect(edges.filter(([, to]) => to === add)).toHaveLength(2)
  })

  it('says which groups a layer makes and which it reads', () => {
    const [inner, stream] = [groupIndex('layer1.0.conv1'), groupIndex('conv1')]
    expect(layer('layer1.0.conv1')).toMatchObject({ makes: [inner], reads: [stream] })
    expect(layer('layer1.0.conv2').reads).toEqual([inner])
    expect(layer('layer1.0.conv2').makes).toContain(stream)
  })

  it('adds up to the network’s MACs and parameters', () => {
    const cost = networkCost(network, coupling.shapes)
    const sum = (pick: 'macs' | 'params') => nodes.reduce((total, node) => total + node[pick], 0)
    expect([sum('macs'), sum('params')]).toEqual([cost.macs, cost.params])
  })

  it('names what an operator without a row blocks', () => {
    const b = new NetworkBuilder(createRandom(1))
    const odd = b.node('Mystery', 'odd', [b.conv('conv1', 'input', 3, 6, 3)])
    const open = b.conv('conv2', b.node('Relu', 'relu', [b.conv('conv3', odd, 6, 4, 3)]), 4, 2, 3)
    const own = findGroups(b.finish('opaque', [3, 8, 8], open, 2))
    const mystery = outlineOf(own).nodes.find((node) => node.kind === 'opaque')!
    expect(mystery.op).toBe('Mystery')
    expect(mystery.blocks?.map((index) => own.groups[index]!.id)).toEqual(['conv1'])
  })
})
