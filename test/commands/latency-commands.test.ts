import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { syntheticNoise } from '../../src-main/devices/synthetic/device'
import { saveOnnx } from '../../src-main/formats/onnx/files'
import { jsonCommandLine } from '../fixtures/command-line'
import { livelyResnet } from '../fixtures/networks'
import { temporaryFolder } from '../fixtures/temporary'

/** The built command line on made-up devices. */
const dir = temporaryFolder('latency')
const model = join(dir, 'model.onnx')

const lupine = jsonCommandLine<Record<string, never>>({ env: { XDG_CACHE_HOME: join(dir, 'cache') } })

interface Judged {
  readonly mape: number
  readonly p95: number
  readonly spearman: number
  readonly byKind: Record<string, { mape: number; plans: number }>
  readonly floor: { mape: number; spearman: number }
  readonly baseline: { macsLinear: { mape: number } }
  readonly coverage: number
  readonly holdout: readonly { kind: string; predicted: number; measured: number; samples: number[] }[]
  readonly measured: number
  readonly cached: number
}

describe('latency on made-up devices', () => {
  beforeAll(() => saveOnnx(model, livelyResnet(20)))

  const predict = (seed: number): Judged => {
    const args = ['predict', model, '--device', `synthetic:${seed}`, '--holdout-plans', '40', '--seed', '5']
    const { status, answer } = lupine(...args)
    expect(status).toBe(0)
    return answer as unknown as Judged
  }

  // More seeds in test/kills, which has the time.
  it('is predicted within the noise and two percent', () => {
    const judged = predict(1)
    expect(judged.mape).toBeLessThan(syntheticNoise + 0.02)
    expect(judged.spearman).toBeGreaterThan(judged.floor.spearman - 0.02)
    expect(judged.baseline.macsLinear.mape).toBeGreaterThan(2 * judged.mape)
    expect(judged.coverage).toBeGreaterThan(0.8)
    expect(judged.holdout).toHaveLength(40)
    expect(Object.values(judged.byKind).map(({ plans }) => plans)).toEqual([10, 10, 10, 10])
    const errors = judged.holdout.map(({ predicted, measured }) => Math.abs(predicted - measured) / measured)
    expect(errors.reduce((a, b) => a + b, 0) / 40).toBeCloseTo(judged.mape, 10)
    // The same again: the table is known, and nothing else has changed.
    const again = predict(1)
    expect(again.cached).toBeGreaterThan(100)
    expect(again.measured).toBeLessThan(40)
    expect(again.mape).toBe(judged.mape)
  })

  it('shows a layer’s staircase by width, with its steps, and measures it once', () => {
    const ask = () => lupine('staircase', model, '--device', 'synthetic:3', '--layer', 'layer3.1.conv1')
    const { status, answer } = ask()
    expect(status).toBe(0)
    const { layers, measured } = answer as unknown as {
      layers: { name: string; points: { cin: number; cout: number; median: number; mad: number }[]; steps: object[] }[]
      measured: number
    }
    expect(layers).toHaveLength(1)
    const { points, steps } = layers[0]!
    expect(points.map(({ cout }) => cout)).toEqual(Array.from({ length: 65 }, (_, cout) => cout))
    expect(points.every(({ cin, median, mad }) => cin === 64 && median > 0 && mad >= 0)).toBe(true)
    expect(steps.length).toBeGreaterThan(3)
    expect(measured).toBeGreaterThan(63)
    expect(ask().answer).toMatchObject({ measured: 0, layers })
    expect(readdirSync(join(dir, 'cache/lupine/latency')).length).toBeGreaterThan(0)
  })

  it('says which layers there are when asked for another', () => {
    const { status, answer } = lupine('staircase', model, '--device', 'synthetic:3', '--layer', 'nothing')
    expect(status).toBe(2)
    expect(answer).toMatchObject({ error: { code: 'layer-unknown' } })
  })
})
