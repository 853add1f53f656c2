import { describe, expect, it } from 'vitest'
import type { GraphNode } from '../../src-main/contract/model'
import { checksOf, seenIn, uncertainty } from '../../src-renderer/features/data/checks'
import { balanceSummary, imbalance } from '../../src-renderer/features/data/balance'
import { findNodes, litBy, paceOf, timesOf, wholeNodes } from '../../src-renderer/features/model/scene'
import { refusal } from '../../src-renderer/features/model/sniff'
import { fit, pan, reveal, zoomAt } from '../../src-renderer/features/model/view'
import { nextNode } from '../../src-renderer/features/model/walk'
import { matching } from '../../src-renderer/features/palette/matching'
import { commandOf, keysText } from '../../src-renderer/shortcuts/keys'
import { advance, begin, redo, undo } from '../../src-renderer/stores/history'
import { emptyView, type JobView } from '../../src-renderer/stores/job-view'

const node = (layer: string, more: Partial<GraphNode> = {}): GraphNode => ({
  ...{ name: `/${layer}/Op`, layer, op: 'Relu', kind: 'op', shape: ['n', 4], macs: 0, params: 0, makes: [], reads: [] },
  ...more,
})
const nodes = [
  node('conv1', { op: 'Conv', macs: 9, params: 9, makes: [0] }),
  node('relu1', { makes: [0] }),
  node('conv2', { op: 'Conv', macs: 9, params: 9, makes: [1], reads: [0] }),
]
const edges = [
  [0, 1],
  [1, 2],
] as const

describe('what the graph shows', () => {
  it('lights who makes and carries a group, and who reads it', () => {
    expect(litBy([0], nodes)).toEqual({ makes: new Set([0, 1]), reads: new Set([2]) })
  })

  it('marks layers whose channels all stay whole', () => {
    const groups = ['a', 'b'].map((id) => ({ id, channels: 4, prunable: true, layers: [] }))
    expect(wholeNodes(nodes, groups, new Set(['b']))).toEqual(new Set([2]))
  })

  it('gives a fused kernel’s time to the layer that it computes', () => {
    const layers = [
      { name: '/relu1/Op_nchwc', median: 2 },
      { name: '/conv2/Op', median: 1 },
    ]
    expect(timesOf(nodes, edges, layers)).toEqual([2, undefined, 1])
  })

  it('compares times with MACs', () => {
    const [first, none, third] = paceOf(nodes, [3, 5, 1])
    expect([first, none, third]).toEqual([1.5, undefined, 0.5])
    expect(paceOf(nodes, [])).toEqual([undefined, undefined, undefined])
  })

  it('finds layers by words of their names and operators', () => {
    expect(findNodes(nodes, 'CONV 2')).toEqual([2])
    expect(findNodes(nodes, ' ')).toEqual([])
  })
})

describe('the view', () => {
  const box = { x: 0, y: 0, width: 100, height: 20 }
  const layout = { boxes: [box], lines: [], left: -50, right: 50, top: 0, bottom: 4000 }
  const size = { width: 400, height: 400 }

  it('fits all of it, keeps a point under the pointer, and never loses the drawing', () => {
    const whole = fit(layout, size)
    expect((4000 - whole.y) * whole.scale).toBeLessThanOrEqual(400)
    const larger = zoomAt(whole, 2, 100, 50)
    expect(larger.x + 100 / larger.scale).toBeCloseTo(whole.x + 100 / whole.scale)
    const far = pan(larger, 1e6, 1e6, layout, size)
    expect(far.x).toBeLessThan(50)
    expect(far.y).toBeLessThan(4000)
  })

  it('moves no further than needed to show a node', () => {
    const view = { x: -200, y: 0, scale: 1 }
    expect(reveal(view, 0, 200, size)).toEqual(view)
    expect(reveal(view, 0, 500, size)).toEqual({ ...view, y: 140 })
  })

  it('follows edges by arrow keys', () => {
    const boxes = [box, { ...box, y: 40 }, { ...box, y: 80 }]
    expect(nextNode(undefined, 'down', { boxes }, edges)).toBe(0)
    expect(nextNode(0, 'down', { boxes }, edges)).toBe(1)
    expect(nextNode(2, 'up', { boxes }, edges)).toBe(1)
    expect(nextNode(2, 'right', { boxes }, edges)).toBe(2)
  })
})

it('refuses dropped files that are no model by their first bytes', () => {
  const bytes = (text: string) => new TextEncoder().encode(text)
  expect(refusal('a.txt', bytes('hello, это текст'))?.message).toContain('is text')
  expect(refusal('a.pt', Uint8Array.of(0x50, 0x4b, 3, 4, 0))?.message).toContain('archive')
  expect(refusal('a.onnx', new Uint8Array())?.message).toContain('empty')
  expect(refusal('a.onnx', Uint8Array.of(8, 7, 18, 7, 112))).toBeUndefined()
})

it('undoes and redoes, and forgets what was undone when something new is done', () => {
  const two = advance(advance(begin('a'), 'b'), 'c')
  expect(undo(two).now).toBe('b')
  expect(redo(undo(two))).toEqual(two)
  expect(redo(advance(undo(two), 'd')).now).toBe('d')
  expect(undo(begin('a')).now).toBe('a')
})

describe('keys', () => {
  const press = { key: 'k', ctrlKey: true, metaKey: false, shiftKey: false, altKey: false }

  it('are those of the platform', () => {
    expect(commandOf(press, false)).toBe('view.palette')
    expect(commandOf(press, true)).toBeUndefined()
    expect(commandOf({ ...press, ctrlKey: false, metaKey: true }, true)).toBe('view.palette')
    expect(commandOf({ ...press, key: 'Z', shiftKey: true }, false)).toBe('edit.redo')
    expect(commandOf({ ...press, ctrlKey: false, key: '?', shiftKey: true }, false)).toBe('help.shortcuts')
    expect([keysText('CmdOrCtrl+Shift+P', false), keysText('CmdOrCtrl+Shift+P', true)]).toEqual(['Ctrl+Shift+P', '⇧⌘P'])
  })

  it('find commands by parts of their words, those that begin so first', () => {
    const titles = ['Show the panel', 'Panel reset', 'Undo']
    expect(matching(titles, (title) => title, 'pan')).toEqual(['Panel reset', 'Show the panel'])
    expect(matching(titles, (title) => title, 'xyz')).toEqual([])
  })
})

describe('data', () => {
  const job = (id: string, output: object, request: object): JobView => ({
    ...emptyView({ id, kind: 'evaluate', folder: '', state: 'finished', events: 0, startedAt: '' }),
    ...{ output, request },
  })
  const figures = { top5: 1, images: 1000, normalize: 'unit' }

  it('lists evaluations of this model on this data, and sees when held-out images were seen', () => {
    const jobs = [
      job('1', { ...figures, top1: 0.999, split: 'validation' }, { model: 'm', data: 'd' }),
      job('2', { ...figures, top1: 0.93, split: 'test' }, { model: 'm', data: 'd' }),
      job('3', { ...figures, top1: 1, split: 'validation' }, { model: 'other', data: 'd' }),
    ]
    const checks = checksOf(jobs, ['file:x', 'm'], ['d'])
    expect(checks.map((check) => check.job)).toEqual(['2', '1'])
    expect(seenIn(checks)?.job).toBe('1')
    expect(seenIn(checks.slice(0, 1))).toBeUndefined()
  })

  it('says how sure a share of so many images is', () => {
    // Wilson's interval for 93 of 100 is 0.8625 … 0.9657.
    expect(uncertainty(0.93, 100)).toBeCloseTo((0.9657 - 0.8625) / 2, 3)
  })

  it('says how even classes are', () => {
    expect(imbalance([10, 40])).toBe(4)
    expect(balanceSummary(['a', 'b'], [10, 40])).toBe('2 classes, from 10 images (a) to 40 (b)')
    expect(balanceSummary([], [])).toBe('Images have no labels')
  })
})
