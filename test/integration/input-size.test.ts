/** `--input` on the built command line, with a network whose image size is open. */
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { loadOnnx, saveOnnx } from '../../src-main/formats/onnx/files'
import { jsonCommandLine } from '../fixtures/command-line'
import { quickResnet } from '../fixtures/networks'
import { temporaryFolder } from '../fixtures/temporary'

const dir = temporaryFolder('sizes')
const model = join(dir, 'open.onnx')
const pruned = join(dir, 'pruned.onnx')
const open = ['batch', 3, 'height', 'width']

function lupine<T>(...args: string[]): T {
  const { status, answer, stderr } = jsonCommandLine<T>({ env: { TMPDIR: dir } })(...args)
  expect(status, stderr).toBe(0)
  return answer
}

beforeAll(async () => {
  const network = quickResnet()
  await saveOnnx(model, { ...network, inputs: [{ ...network.inputs[0]!, shape: open }] })
})

interface Costs {
  macs: number
  inputs: { shape: unknown; assumed: number[] }[]
}

it('counts costs at the size given', () => {
  const [usual, small, wide] = [[], ['--input', '3x32x32'], ['--input', '3x32x128']].map((options) =>
    lupine<Costs>('inspect', model, ...options),
  ) as [Costs, Costs, Costs]
  expect([usual, small, wide].map(({ inputs }) => inputs[0]!.assumed)).toEqual([
    [1, 3, 224, 224],
    [1, 3, 32, 32],
    [1, 3, 32, 128],
  ])
  expect(small.inputs[0]!.shape).toEqual(open)
  // All but the last layer (16 × 10) grow with the area.
  expect(wide.macs - 160).toBe(4 * (small.macs - 160))
  expect(usual.macs - 160).toBe(49 * (small.macs - 160))
})

it('prunes, checks and profiles at it; what is pruned stays open', async () => {
  const size = ['--input', '3x48x32']
  const { macs } = lupine<{ macs: { before: number; after: number } }>(
    ...(['prune', model, '--keep', '0.5', ...size, '--out', pruned] as const),
  )
  expect(macs.before).toBe(lupine<Costs>('inspect', model, ...size).macs)
  expect(macs.after).toBe(lupine<Costs>('inspect', pruned, ...size).macs)
  expect((await loadOnnx(pruned)).inputs[0]!.shape).toEqual(open)
  expect(lupine('check', pruned, ...size, '--engine', 'wasm')).toMatchObject({ engine: 'wasm', nodes: { opaque: 0 } })
  const profile = ['profile', model, '--device', 'synthetic:5', '--runs', '10']
  const median = (input: string) => lupine<{ median: number }>(...(profile as ['profile']), '--input', input).median
  // 256 times the pixels.
  expect(median('3x256x256')).toBeGreaterThan(3 * median('3x16x16'))
})
