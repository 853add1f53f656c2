import { describe, expect, it } from 'vitest'
import type { LayerFacts, LayerSide } from '../../../../src-main/core/explain/facts'
import { judgeLayers } from '../../../../src-main/core/explain/judge'
import type { PlacedKernel } from '../../../../src-main/core/explain/layers'
import { adviceOf, reasonOf } from '../../../../src-main/core/explain/sentences'

/** A network of 10 ms whose fastest layers reach 1 M MACs/ms and 1 MB/ms, and whose shortest kernels take 2 µs. */
const total = 10
const kernel = (median: number, more: Partial<PlacedKernel> = {}): PlacedKernel => {
  return { name: 'k', op: 'Conv', median, layer: 'layer', inserted: false, ...more }
}
const side = (macs: number, bytes: number, ...kernels: PlacedKernel[]): LayerSide => {
  return { macs, bytes, ms: kernels.reduce((sum, { median }) => sum + median, 0), noise: 0.001, kernels }
}
const layer = (before: LayerSide, after: LayerSide, more: Partial<LayerFacts> = {}): LayerFacts => {
  const groups = [{ id: 'g', channels: 64, kept: 33, fixed: undefined }]
  return { ...{ name: 'layer', op: 'Conv', before, after, removed: false, groups, critical: true }, ...more }
}
const compute = layer(side(1e6, 1e4, kernel(1)), side(1e6, 1e4, kernel(1)), { name: 'compute', groups: [] })
const copy = layer(side(0, 1e6, kernel(1)), side(0, 1e6, kernel(1)), { name: 'copy', op: 'Slice', groups: [] })
const tiny = layer(side(10, 10, kernel(0.002)), side(10, 10, kernel(0.002)), { name: 'tiny', groups: [] })

/** Steps at multiples of 16: what is above one costs as much as the next; 33 to 35 even more. */
const steep = Array.from({ length: 64 }, (_, i) => {
  const kept = i + 1
  const level = 0.8 + (0.2 * Math.ceil(kept / 16)) / 4 + (kept > 32 && kept < 36 ? 0.03 : 0)
  return { kept, ratio: level, noise: 0.001, level }
})
const flatSlope = steep.map(({ kept, noise }) => {
  return { kept, ratio: 0.8 + (0.2 * kept) / 64, noise, level: 0.8 + (0.2 * kept) / 64 }
})
const tableOf = (points: typeof steep) => ({
  groups: [{ id: 'g', channels: 64, signature: 's', removable: false }],
  staircases: { s: { channels: 64, points, steps: [] } },
})

function judged(facts: LayerFacts, table?: ReturnType<typeof tableOf>) {
  const [only] = judgeLayers([facts, compute, copy, tiny], { total, table })
  return { kind: only!.cause.kind, reason: reasonOf(only!, total), advice: adviceOf(only!), judged: only! }
}
const half = (after: LayerSide, more: Partial<LayerFacts> = {}) => layer(side(1e6, 1e4, kernel(1)), after, more)

describe('the cause of a layer', () => {
  it('is good news where the time fell as the MACs did', () => {
    const { kind, reason, advice } = judged(half(side(5e5, 5e3, kernel(0.52))))
    expect(kind).toBe('as-expected')
    expect(reason).toBe('saved as expected: 48 % of its time for 50 % of its MACs')
    expect(advice).toBeUndefined()
    const more = judged(half(side(5e5, 5e3, kernel(0.3))))
    expect(more.reason).toContain('saved more than its MACs: 70 % of its time')
    expect(more.judged.shortfall).toBeCloseTo(-0.2)
  })

  it('names the step a width is on', () => {
    const groups = [{ id: 'g', channels: 64, kept: 32, fixed: undefined }]
    const { kind, reason } = judged(half(side(5e5, 5e3, kernel(0.5)), { groups }), tableOf(steep))
    expect(kind).toBe('as-expected')
    expect(reason).toContain('on a step (32 channels of g)')
  })

  it('is the removal of its branch', () => {
    const groups = [{ id: 'g', channels: 64, kept: 0, fixed: undefined }]
    const gone = judged(half(side(0, 0), { removed: true, groups }), tableOf(steep))
    expect(gone).toMatchObject({ kind: 'removed', reason: 'removed with its branch', advice: undefined })
    const left = judged(half(side(0, 100, kernel(0.005, { op: 'Add' })), { removed: true, groups }))
    expect(left.reason).toContain('what joins it stays (0.005 ms)')
  })

  it('is that it was not pruned, and why it could not be', () => {
    const same = side(1e6, 1e4, kernel(1))
    expect(judged(layer(same, same))).toMatchObject({ kind: 'not-pruned', reason: 'not pruned' })
    const groups = [{ id: 'g', channels: 64, kept: 64, fixed: 'is a residual stream' }]
    expect(judged(layer(same, same, { groups })).reason).toBe('not pruned: g is a residual stream')
    const slower = side(1e6, 1e4, kernel(0.3, { op: 'ReorderOutput', inserted: true }), kernel(1))
    const around = judged(layer(same, slower))
    expect(around).toMatchObject({ kind: 'layout-conversions', advice: undefined })
    expect(around.reason).toBe('not pruned, but converting layouts in front of it takes 0.300 ms more than before')
    const alone = judged(layer(same, side(1e6, 1e4, kernel(1), kernel(0.3, { op: 'Add' }))))
    expect(alone.reason).toBe('not pruned, but fusion lost: Add ran inside it, and now takes 0.300 ms alone')
    expect(judged(layer(same, side(1e6, 1e4, kernel(1.1)))).reason).toBe('not pruned; 0.100 ms slower')
  })

  it('is that it has no MACs', () => {
    const before = side(0, 1e6, kernel(1))
    expect(judged(layer(before, before, { op: 'Pad' })).kind).toBe('no-macs')
  })

  it('is the critical path, where slower branches run beside it', () => {
    const facts = half(side(5e5, 5e3, kernel(0.95)), { critical: false })
    expect(judged(facts, tableOf(steep))).toMatchObject({ kind: 'off-critical-path', advice: undefined })
  })

  it('is the fusion lost, when what ran inside takes as long as is missing', () => {
    const alone = side(5e5, 5e3, kernel(0.52), kernel(0.3, { op: 'Add' }), kernel(0.15, { op: 'Relu' }))
    const { kind, reason } = judged(half(alone))
    expect(kind).toBe('fusion-lost')
    expect(reason).toBe('fusion lost: Add, Relu ran inside it, and now take 0.450 ms alone')
    // One that was alone before was not lost.
    const before = side(1e6, 1e4, kernel(1), kernel(0.3, { op: 'Add' }))
    expect(judged(layer(before, side(5e5, 5e3, kernel(0.9), kernel(0.3, { op: 'Add' })))).kind).not.toBe('fusion-lost')
  })

  it('is the start of a kernel, when that takes most of its time', () => {
    // The floor is that of the shortest kernels.
    const facts = layer(side(2e5, 1e3, kernel(0.2)), side(1e2, 10, kernel(0.05), kernel(0.0025), kernel(0.0025)))
    expect(judged(facts).kind).not.toBe('launch-bound')
    const many = Array.from({ length: 12 }, () => kernel(0.0025))
    const starts = judged(layer(side(1e5, 1e3, ...many), side(1e3, 1e2, ...many)))
    expect(starts.kind).toBe('launch-bound')
    expect(starts.reason).toContain('launch-bound: 0.030 ms is little more than the 0.002 ms')
  })

  it('is memory, when its bytes did not fall and it moves them as fast as any layer', () => {
    const { kind, reason } = judged(layer(side(2e5, 1e6, kernel(1)), side(1e5, 8e5, kernel(0.85))))
    expect(kind).toBe('memory-bound')
    expect(reason).toBe('memory-bound: its bytes fell by 20 % only, and it moves 941 MB/s already')
    // Far from the fastest: something else.
    expect(judged(layer(side(2e5, 1e5, kernel(1)), side(1e5, 8e4, kernel(0.85)))).kind).toBe('less-efficient')
    // Bytes that fell like the MACs don't explain a time that didn't.
    expect(judged(layer(side(2e5, 2e6, kernel(1)), side(1e5, 1e6, kernel(0.95)))).kind).not.toBe('memory-bound')
  })

  it('is the width, when a wider one costs no more, with the nearest one that helps', () => {
    const facts = half(side(5e5, 5e3, kernel(0.95)))
    const { kind, reason, advice, judged: it } = judged(facts, tableOf(steep))
    expect(kind).toBe('off-step')
    expect(reason).toBe('width off the step: 33 channels of g cost 0.300 ms more than 48')
    expect(it.better).toMatchObject({ group: 'g', from: 33, kept: 32 })
    expect(advice).toBe('32 instead of 33 channels in g: the nearest width that saves: 0.800 ms less')
    const groups = [{ id: 'g', channels: 64, kept: 35, fixed: undefined }]
    const wider = judged({ ...facts, groups }, tableOf(steep))
    expect(wider.advice).toBe('36 instead of 35 channels in g: more channels and still 0.300 ms less')
    const within = [{ id: 'g', channels: 64, kept: 40, fixed: undefined }]
    const onTread = judged({ ...facts, groups: within }, tableOf(steep))
    expect(onTread.reason).toBe('width off the step: 40 channels of g cost as much as 48')
    expect(onTread.judged.better).toMatchObject({ kept: 32 })
    const gone = [{ kept: 0, ratio: 0.6, noise: 0.001, level: 0.6 }, ...steep]
    const narrowest = [{ id: 'g', channels: 64, kept: 8, fixed: undefined }]
    expect(judged({ ...facts, groups: narrowest }, tableOf(gone)).advice).toBe(
      'only removing the branch of g helps: 2.50 ms less',
    )
    // Where every channel costs the same there are no steps to be off.
    expect(judged(facts, tableOf(flatSlope)).kind).toBe('less-efficient')
    expect(judged(facts).kind).toBe('less-efficient')
  })

  it('is the conversions between layouts in front of it', () => {
    const after = side(5e5, 5e3, kernel(0.4, { op: 'ReorderOutput', inserted: true }), kernel(0.5))
    expect(judged(half(after)).reason).toBe('converting layouts in front of it takes 0.400 ms more than before')
    const table = tableOf(steep)
    expect(judged(half(after), table).reason).toMatch(/^width off the step: .*; 0.400 ms of it converts layouts/)
  })

  it('is another kernel of the runtime', () => {
    const before = side(1e6, 1e4, kernel(1, { name: 'a_nchwc' }))
    const { kind, reason } = judged(layer(before, side(5e5, 5e3, kernel(0.9, { op: 'FusedConv' }))))
    expect(kind).toBe('slower-kernel')
    expect(reason).toBe('the runtime takes another kernel: Conv in blocked layout before, FusedConv now')
  })

  it('is left open where nothing of this explains it, with the figures', () => {
    const { kind, reason } = judged(half(side(5e5, 5e3, kernel(0.9))))
    expect(kind).toBe('less-efficient')
    expect(reason).toBe('saved 10 % of its time for 50 % of its MACs: 1.00 GMAC/s before, 556 MMAC/s now')
  })

  it('is not looked for in what is below the noise', () => {
    const noisy = { ...side(5e5, 5e3, kernel(0.9)), noise: 0.25 }
    expect(judged(half(noisy)).kind).toBe('as-expected')
  })
})
