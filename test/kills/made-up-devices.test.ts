/** Made-up devices of more seeds than `npm test` has the time for: their hidden steps found, their latency predicted. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { syntheticNoise } from '../../src-main/devices/synthetic/device'
import { saveOnnx } from '../../src-main/formats/onnx/files'
import { cli } from '../fixtures/command-line'
import { expectStepsFound } from '../fixtures/hidden-steps'
import { livelyResnet } from '../fixtures/networks'
import { temporaryFolder } from '../fixtures/temporary'

describe('made-up devices', () => {
  it.each([2, 3, 4])('have their staircases found step by step, seed %i', expectStepsFound)

  it.each([2, 3, 4])('are predicted within their noise and two percent, seed %i', async (seed) => {
    const dir = temporaryFolder('made-up')
    const model = join(dir, 'model.onnx')
    await saveOnnx(model, livelyResnet(20))
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [cli, 'predict', model, '--device', `synthetic:${seed}`, '--holdout-plans', '40', '--seed', '5', '--json'],
      { encoding: 'utf8', env: { ...process.env, XDG_CACHE_HOME: join(dir, 'cache') } },
    )
    expect(status, stderr).toBe(0)
    const { mape, spearman, floor } = JSON.parse(stdout) as Record<'mape' | 'spearman', number> & {
      floor: { spearman: number }
    }
    expect(mape).toBeLessThan(syntheticNoise + 0.02)
    expect(spearman).toBeGreaterThan(floor.spearman - 0.02)
  })
})
