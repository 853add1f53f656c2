import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { foldNorms } from '../../src-main/core/graph/bn-folding'
import { isReinserted } from '../../src-main/core/graph/bn-insertion'
import { elementCount, type Network } from '../../src-main/core/graph/network'
import type { PlanFile } from '../../src-main/core/pruning/plan'
import { createSession, runSession } from '../../src-main/engines/onnxruntime/runtime'
import { loadOnnx, saveOnnx } from '../../src-main/formats/onnx/files'
import { writeOnnx } from '../../src-main/formats/onnx/write'
import { jsonCommandLine } from '../fixtures/command-line'
import { writeTinyCifar } from '../fixtures/engines/tiny-cifar'
import { quickResnet } from '../fixtures/networks'
import { temporaryFolder } from '../fixtures/temporary'

/** A network as an exporter would write it that folds BN: end to end on the built command line. */
const dir = temporaryFolder('folded')
const folded = join(dir, 'folded.onnx')
const project = join(dir, 'project')
const data = ['--data', `cifar10:${join(dir, 'data')}`]

const lupine = jsonCommandLine({ cwd: dir })

const norms = (network: Network) => network.nodes.filter(({ op }) => op === 'BatchNormalization')

async function outputs(network: Network, images: Float32Array, shape: number[]): Promise<Float32Array> {
  const session = await createSession(writeOnnx(network), 0, network.name)
  const [output] = (await runSession(session, images, shape)).values()
  await session.release()
  return output!.data
}

/** The original file with the plan's masks: what anyone can build from plan.json alone. */
function masked(network: Network, plan: PlanFile): Network {
  const initializers = new Map(network.initializers)
  const nodes = [...network.nodes]
  for (const { activations } of plan.groups)
    for (const { tensor, axis, keep } of activations) {
      const reader = nodes.findIndex(({ inputs }) => inputs.includes(tensor))
      const count = Math.max(...keep) + 1
      const size = network.initializers.get(nodes[reader]!.inputs[1]!)!.shape[1]!
      expect(count).toBeLessThanOrEqual(size)
      const data = Float32Array.from({ length: size }, (_, c) => (keep.includes(c) ? 1 : 0))
      const rank = nodes[reader]!.op === 'Gemm' ? 2 : 4
      const shape = Array.from({ length: rank }, (_, i) => (i === axis ? size : 1))
      initializers.set(`${tensor}/mask`, { type: 'float32', shape, data })
      const name = `${tensor}/masked`
      for (const [i, node] of nodes.entries())
        if (node.inputs.includes(tensor) && ['Conv', 'Gemm'].includes(node.op))
          nodes[i] = { ...node, inputs: node.inputs.map((input) => (input === tensor ? name : input)) }
      nodes.splice(reader, 0, {
        ...{ name, op: 'Mul', domain: '', attributes: {} },
        inputs: [tensor, `${tensor}/mask`],
        outputs: [name],
      })
    }
  return { ...network, nodes, initializers }
}

beforeAll(async () => {
  await writeTinyCifar(join(dir, 'data'), 300)
  const network = foldNorms(quickResnet(), () => true)
  expect([norms(quickResnet()).length, norms(network).length]).toEqual([4, 0])
  await saveOnnx(folded, { ...network, metadata: { 'lupine.normalize': 'half' } })
})

describe('a network whose BN was folded', () => {
  it('is left alone when asked, and BN scores then say what they lack', () => {
    const { answer, stderr } = lupine(
      ...['search', folded, ...data, '--device', 'synthetic:5', '--budget', 'macs=0.8', '--method'],
      ...['random', '--evaluations', '1', '--criterion', 'bn', '--bn', 'keep', '--out', join(dir, 'plan.json')],
    )
    expect(stderr).not.toContain('batch normalisation')
    expect((answer['warnings'] as string[])[0]).toMatch(
      /^3 of 3 groups have nothing the criterion bn looks at and were scored by L2: /,
    )
  })

  it('runs end to end, and leaves no BN in the result', { timeout: 300_000 }, async () => {
    const { status, answer, stderr } = lupine(
      ...['run', folded, ...data, '--device', 'synthetic:5', '--budget', 'macs=0.6'],
      ...['--evaluations', '4', '--epochs', '0', '--criterion', 'taylor', '--out', project],
    )
    expect(status, stderr).toBe(0)
    expect(stderr).toContain(
      '0 of 4 convolutions have batch normalisation: it is put back behind 4 layers by the statistics of 1024 training images',
    )
    expect(answer['warnings']).not.toContainEqual(expect.stringContaining('scored by L2'))
    expect((answer['agreement'] as { top1: number }).top1).toBe(1)
    const [original, working, result] = await Promise.all(
      ['original', 'working', 'model'].map((name) => loadOnnx(join(project, `${name}.onnx`))),
    )
    expect([original, working, result].map((network) => norms(network!).length)).toEqual([0, 4, 0])
    expect(norms(working!).every(isReinserted)).toBe(true)
    const shape = [16, 3, 32, 32]
    const images = Float32Array.from({ length: elementCount(shape) }, (_, i) => Math.sin(i * i))
    const apart = (a: Float32Array, b: Float32Array) =>
      Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) / (Math.max(...a) - Math.min(...a))
    const reference = await outputs(original!, images, shape)
    expect(apart(reference, await outputs(working!, images, shape))).toBeLessThan(1e-5)

    // The plan speaks of the file as it was given.
    const plan = JSON.parse(readFileSync(join(project, 'plan.json'), 'utf8')) as PlanFile
    const given = await loadOnnx(folded)
    for (const { initializers } of plan.groups)
      for (const { tensor, axis, keep } of initializers)
        expect(given.initializers.get(tensor)!.shape[axis]).toBeGreaterThanOrEqual(keep.length)
    const { removedBranches, groups } = plan
    const whole = { ...plan, groups: groups.filter(({ keep }) => keep.length > 0) }
    expect(groups.length).toBeGreaterThan(0)
    const again = join(dir, 'again.onnx')
    expect(lupine('prune', folded, '--plan', join(project, 'plan.json'), '--out', again).status).toBe(0)
    const pruned = await loadOnnx(again)
    if (removedBranches.length === 0)
      expect(
        apart(await outputs(masked(given, whole), images, shape), await outputs(pruned, images, shape)),
      ).toBeLessThan(1e-5)
    // Recalibrated, the result has that network's shapes and other weights.
    const size = (network: Network) =>
      [...network.initializers.values()].reduce((sum, t) => sum + elementCount(t.shape), 0)
    expect(size(result!)).toBe(size(pruned))
    expect(apart(await outputs(pruned, images, shape), await outputs(result!, images, shape))).toBeGreaterThan(1e-3)
  })
})
