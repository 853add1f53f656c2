import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { saveOnnx } from '../../src-main/formats/onnx/files'
import { cli, jsonCommandLine } from '../fixtures/command-line'
import { writeTinyCifar } from '../fixtures/engines/tiny-cifar'
import { quickResnet } from '../fixtures/networks'
import { temporaryFolder } from '../fixtures/temporary'

const dir = temporaryFolder('interrupts')
const quick = join(dir, 'quick.onnx')
const data = `cifar10:${join(dir, 'images')}`

beforeAll(async () => {
  await writeTinyCifar(join(dir, 'images'), 200)
  await saveOnnx(quick, { ...quickResnet(), metadata: { 'lupine.normalize': 'half' } })
})

interface Resumed {
  readonly replayed: number
  readonly before: { macs: number }
  readonly after: { macs: number }
  readonly agreement: { maxAbsDiff: number; top1: number }
}

/** Starts a run, interrupts it once stderr says `when`, and resolves with how it ended. */
function interrupted(args: string[], when: RegExp) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = spawn(process.execPath, [cli, ...args, '--json'], { cwd: dir })
    let [stdout, stderr, sent] = ['', '', false]
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      if (!sent && when.test(stderr)) setTimeout(() => child.kill('SIGINT'), 100)
      if (when.test(stderr)) sent = true
    })
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

describe('Ctrl-C', () => {
  // Small enough to reach every stage in seconds.
  const options = [
    '--data',
    data,
    '--device',
    // What it takes to measure for real is tested elsewhere; here the clock must not decide.
    'synthetic:5',
    '--budget',
    'macs=0.7',
    '--evaluations',
    '12',
    '--epochs',
    '1',
    '--train-images',
    '512',
  ]
  const folder = join(dir, 'project')

  it.each([
    ['Import and clean up', ['run', quick, ...options, '--out', folder]],
    ['Measure sensitivities', ['resume', folder]],
    ['Search the ratios', ['resume', folder]],
    ['Fine-tune', ['resume', folder]],
    ['Verify', ['resume', folder]],
  ])('in the stage "%s" ends with 130 and a way to go on', async (stage, args) => {
    const { code, stdout } = await interrupted(args, new RegExp(stage))
    expect(code).toBe(130)
    const { error } = JSON.parse(stdout) as { error: { code: string; hint: string } }
    expect(error.code).toBe('interrupted')
    expect(error.hint).toBe(`Go on with: lupine resume ${folder}`)
    expect(existsSync(join(folder, '.lock'))).toBe(false)
  })

  it('and it goes on to the end, from what it had', () => {
    const { status, answer: result } = jsonCommandLine<Resumed>({ cwd: dir })('resume', folder)
    expect(status).toBe(0)
    expect(result.replayed).toBeGreaterThan(12)
    expect(result.after.macs / result.before.macs).toBeLessThanOrEqual(0.7)
    expect(result.agreement.top1).toBeGreaterThan(0.98)
    for (const name of ['plan.json', 'model.onnx', 'journal.jsonl', 'provenance.json', 'measurements/verify.json'])
      expect(existsSync(join(folder, name)), name).toBe(true)
  })
})
