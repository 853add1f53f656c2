/** Engines that are killed or crash in native code while they work: the quick ones; test/kills has the rest. */
import { describe, expect, test } from 'vitest'
import type { Failure } from '../../../src-main/core/failure'
import type { EngineMethods } from '../../../src-main/engines/interface'
import type { OnnxruntimeMethods } from '../../../src-main/engines/onnxruntime/methods'
import { startSteadyEngine } from '../../../src-main/engines/process/steady'
import { built, engine, Work } from '../../fixtures/engines/doomed'

const work = new Work('crash')

describe.skipIf(!built)(`the ${engine} engine, in the middle of a training`, () => {
  test('killed for memory, says so and resumes', async () => {
    const failure = await work.disturbed('SIGKILL')
    expect(failure).toMatchObject({ kind: 'work', code: 'engine-died' })
    expect(failure.message).toContain(`The ${engine} engine ended unexpectedly (SIGKILL)`)
    expect(failure.hint).toMatch(/out of memory.*resume the run/)
  })
})

describe.skipIf(!built)('a pure call under which the engine ends', () => {
  const request = () => ({ model: work.model, data: work.data, split: 'test' as const })

  test('is made again in a new process, once, with the same answer', async () => {
    const told: Failure[] = []
    const steady = startSteadyEngine<EngineMethods>(engine, {
      pure: ['evaluate'],
      onRestart: (failure) => told.push(failure),
    })
    try {
      const undisturbed = await steady.call('evaluate', request())
      const pid = steady.pid!
      const kill = () => void (steady.pid === pid && process.kill(pid, 'SIGKILL'))
      const { top1, top5, images } = await steady.call('evaluate', request(), { onProgress: kill })
      expect({ top1, top5, images }).toEqual({
        ...{ top1: undisturbed.top1, top5: undisturbed.top5, images: undisturbed.images },
      })
      expect(told).toMatchObject([{ code: 'engine-died' }])
      expect(steady.pid).not.toBe(pid)
    } finally {
      await steady.stop()
    }
  })

  test('finds what the process was prepared for', async () => {
    const ort = startSteadyEngine<OnnxruntimeMethods>('onnxruntime', { pure: ['score'], opening: ['openScorer'] })
    try {
      await ort.call('openScorer', {
        model: work.model,
        data: work.data,
        fitnessImages: 64,
        recalibrationImages: 64,
        threads: 1,
      })
      const before = await ort.call('score', { widths: {} })
      process.kill(ort.pid!, 'SIGSEGV')
      // Both are under way when the process ends.
      const after = await Promise.all([ort.call('score', { widths: {} }), ort.call('score', { widths: {} })])
      expect(after).toEqual([before, before])
    } finally {
      await ort.stop()
    }
  })
})
