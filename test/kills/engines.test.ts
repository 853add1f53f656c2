/** Engines that crash in native code, freeze, sleep or end again and again while they work: real ones, by real signals. */
import { spawn } from 'node:child_process'
import { afterEach, describe, expect, test } from 'vitest'
import type { EngineMethods } from '../../src-main/engines/interface'
import { startSteadyEngine } from '../../src-main/engines/process/steady'
import { built, cli, engine, failureOf, Work } from '../fixtures/engines/doomed'

const silence = 'LUPINE_ENGINE_SILENCE'
const work = new Work('engines')
afterEach(() => void delete process.env[silence])

describe.skipIf(!built)(`the ${engine} engine, in the middle of a training`, () => {
  test('crashed in native code, says so and resumes', async () => {
    const failure = await work.disturbed('SIGSEGV')
    expect(failure).toMatchObject({ kind: 'work', code: 'engine-died' })
    expect(failure.message).toContain('(SIGSEGV)')
    expect(failure.hint).toMatch(/Native code crashed.*Resume the run/)
  })

  test('frozen, is given up after the silence allowed, and resumes', async () => {
    process.env[silence] = '8'
    const failure = await work.disturbed('SIGSTOP')
    expect(failure).toMatchObject({ kind: 'work', code: 'engine-died' })
    expect(failure.message).toContain('no sign of life for 8 s')
  })
})

describe.skipIf(!built)('a command that sleeps with its engine', () => {
  test('is not taken for frozen when it wakes up', async () => {
    const args = ['finetune', work.model, '--data', work.data.address, '--normalize', 'half', '--epochs', '2', '--json']
    args.push('--train-images', '256', '--batch', '16', '--engine', 'wasm', '--out', work.path('slept.onnx'))
    // A group of its own, so that host and engine stop together, as when a laptop's lid is closed.
    const child = spawn(process.execPath, [cli, ...args], {
      detached: true,
      env: { ...process.env, [silence]: '3' },
    })
    let [stdout, stderr, slept] = ['', '', false]
    child.stdout.on('data', (text) => (stdout += text))
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
    await new Promise<void>((resolve) => {
      void ended.then(() => resolve())
      child.stderr.on('data', (text) => {
        stderr += text
        if (slept || !stderr.includes('epoch 1/2')) return
        slept = true
        process.kill(-child.pid!, 'SIGSTOP')
        setTimeout(() => {
          process.kill(-child.pid!, 'SIGCONT')
          resolve()
        }, 8_000)
      })
    })
    expect(await ended, stderr).toBe(0)
    expect(slept).toBe(true)
    expect(JSON.parse(stdout)).toMatchObject({ epochs: [{}, {}] })
  })
})

describe.skipIf(!built)('a call under which the engine ends', () => {
  const request = () => ({ model: work.model, data: work.data, split: 'test' as const })

  test('fails when the second process ends too; a training is never repeated', async () => {
    let restarts = 0
    const rules = { pure: ['evaluate'] as const, onRestart: () => void restarts++ }
    const steady = startSteadyEngine<EngineMethods>(engine, rules)
    try {
      const kill = () => void process.kill(steady.pid!, 'SIGKILL')
      const failure = await failureOf(steady.call('evaluate', request(), { onProgress: kill }))
      expect(failure).toMatchObject({ code: 'engine-died' })
      expect(restarts).toBe(1)
    } finally {
      await steady.stop()
    }
    const trainer = startSteadyEngine<EngineMethods>(engine, rules)
    try {
      const kill = () => void process.kill(trainer.pid!, 'SIGKILL')
      const failure = await failureOf(trainer.call('train', work.training('once'), { onProgress: kill }))
      expect(failure).toMatchObject({ code: 'engine-died' })
      expect(restarts).toBe(1)
    } finally {
      await trainer.stop()
    }
  })
})
