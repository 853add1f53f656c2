import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { expect, test } from 'vitest'
import { FLOAT, GraphBuilder } from '../../../src-main/engines/compiler/graph'
import { encodeSavedModel } from '../../../src-main/engines/compiler/savedmodel'

/** Field number → raw values, in order: enough of protobuf to check what was written. */
function fields(bytes: Uint8Array): Map<number, (Uint8Array | number)[]> {
  const reader = new BinaryReader(bytes)
  const map = new Map<number, (Uint8Array | number)[]>()
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag()
    const value =
      type === WireType.LengthDelimited
        ? reader.bytes()
        : type === WireType.Bit32
          ? reader.float()
          : Number(reader.int64())
    map.set(number, [...(map.get(number) ?? []), value])
  }
  return map
}

const inner = (message: Map<number, (Uint8Array | number)[]>, field: number, index = 0) =>
  fields(message.get(field)![index] as Uint8Array)
const text = (value: Uint8Array | number) => new TextDecoder().decode(value as Uint8Array)

test('a graph becomes saved_model.pb: one meta graph, its nodes with inputs and attributes', () => {
  const graph = new GraphBuilder()
  const x = graph.placeholder('x', 'float32', [-1, 3])
  graph.node(
    'LeakyRelu',
    [x, '^x'],
    { T: FLOAT, alpha: { float: 0.25 }, ints: { ints: [1, -2] }, on: { bool: true } },
    'y',
  )
  const model = fields(encodeSavedModel(graph.nodes))
  expect(model.get(1)).toEqual([1])
  const metaGraph = inner(model, 2)
  expect(inner(metaGraph, 1).get(4)!.map(text)).toEqual(['serve'])
  const graphDef = inner(metaGraph, 2)
  expect(graphDef.get(1)).toHaveLength(2)

  const node = inner(graphDef, 1, 1)
  expect(text(node.get(1)![0])).toBe('y')
  expect(text(node.get(2)![0])).toBe('LeakyRelu')
  expect(node.get(3)!.map(text)).toEqual(['x', '^x'])
  const attributes = Object.fromEntries(
    node.get(5)!.map((_, i) => {
      const entry = inner(node, 5, i)
      return [text(entry.get(1)![0]), inner(entry, 2)]
    }),
  )
  expect(attributes['T'].get(6)).toEqual([1])
  expect(attributes['alpha'].get(4)).toEqual([0.25])
  expect(inner(attributes['ints'], 1).get(3)).toEqual([1, -2])
  expect(attributes['on'].get(5)).toEqual([1])

  const placeholder = inner(graphDef, 1, 0)
  const shape = inner(inner(inner(placeholder, 5, 1), 2), 7)
  expect([0, 1].map((i) => inner(shape, 2, i).get(1))).toEqual([[-1], [3]])
})

test('constants are little-endian bytes, and equal small ones share a node', () => {
  const graph = new GraphBuilder()
  expect(graph.ints([1, 2])).toBe(graph.ints([1, 2]))
  expect(graph.ints([1, 2])).not.toBe(graph.constant('int32', [2, 1], [1, 2]))
  expect(graph.scalar(0.5)).not.toBe(graph.scalar(-0.5))
  const tensor = inner(inner(inner(inner(inner(fields(encodeSavedModel(graph.nodes)), 2), 2), 1), 5, 1), 2)
  expect([...(inner(tensor, 8).get(4)![0] as Uint8Array)]).toEqual([1, 0, 0, 0, 2, 0, 0, 0])
})

test('a name is given once', () => {
  const graph = new GraphBuilder()
  graph.placeholder('x', 'float32', [])
  expect(() => graph.placeholder('x', 'float32', [])).toThrow('already has a node x')
})
