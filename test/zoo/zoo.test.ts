import { afterAll, describe, expect, it } from 'vitest'
import { aliasesOf } from '../../src-main/core/graph/aliases'
import { cleanNetwork } from '../../src-main/core/graph/clean'
import type { Network } from '../../src-main/core/graph/network'
import { beforeFinalActivation } from '../../src-main/core/graph/outputs'
import { planFile } from '../../src-main/core/pruning/plan'
import { createSubject, type Subject } from '../../src-main/core/pruning/subject'
import { applyPlan } from '../../src-main/core/pruning/surgery'
import { topUnits, type Keep } from '../../src-main/core/pruning/widths'
import { createRandom, permutation } from '../../src-main/core/statistics/random'
import { createSession, floatTensor, type Session } from '../../src-main/engines/onnxruntime/runtime'
import { loadOnnx } from '../../src-main/formats/onnx/files'
import { writeOnnx } from '../../src-main/formats/onnx/write'
import { enliven } from './enliven'
import { leftOut, zooModels } from './models'
import { maskFeeds, withMasks, type MaskPoint } from './reference'

/** Of the output's range. */
const tolerance = 1e-4
const models = zooModels()
const results: string[] = []

type Outputs = Float32Array[]

const prunable = (subject: Subject) => subject.coupling.groups.filter((group) => group.prunable)

/**
 * Uniform at five ratios, five plans that keep random, scattered channels of every group, and one that
 * removes residual branches. The uniform ones cut the
 * most important channels: some networks have filters that are dead, and cutting those proves nothing.
 */
function plans(subject: Subject): [string, Keep][] {
  const random = createRandom(11)
  const uniform = [0.9, 0.7, 0.5, 0.3, 0.1].map((ratio): [string, Keep] => [
    `keep ${ratio}`,
    new Map(
      prunable(subject).map(({ id, channels }) => {
        const count = Math.min(channels - 1, Math.max(1, Math.round(channels * ratio)))
        const unimportance = subject.importance.get(id)!.map((score) => -score)
        return [id, topUnits(unimportance, Math.max(1, count))]
      }),
    ),
  ])
  const scattered = Array.from({ length: 5 }, (_, i): [string, Keep] => [
    `random ${i}`,
    new Map(
      prunable(subject).map(({ id, channels }) => {
        const order = permutation(channels, random)
        return [id, order.slice(0, 1 + random.below(Math.max(1, channels - 1))).sort((a, b) => a - b)]
      }),
    ),
  ])
  const branches = subject.branches.filter((_, i) => i % 2 === 0).flatMap(({ groups }) => groups)
  const removed: [string, Keep][] =
    branches.length > 0 ? [['every other branch removed', new Map(branches.map((id) => [id, []]))]] : []
  return [...uniform, ...scattered, ...removed]
}

/** Every tensor that some plan may mask. */
function maskPoints(subject: Subject): MaskPoint[] {
  const all: Keep = new Map(prunable(subject).map(({ id }) => [id, [0]]))
  const points = new Map<string, MaskPoint>()
  const aliases = [...aliasesOf(subject.coupling.network)]
  const leftOf = new Map(aliases.flatMap(([left, others]) => others.map((name) => [name, left] as const)))
  for (const { activations } of planFile(subject.coupling, [], all, '').groups)
    for (const { tensor, axis } of activations) {
      const shape = subject.coupling.shapes.get(leftOf.get(tensor) ?? tensor)!
      points.set(tensor, { tensor, axis, rank: shape.length, count: Number(shape[axis]) })
    }
  return [...points.values()]
}

/** Runs networks on the same inputs, several for small ones, and keeps each output of all runs as one list. */
class Bench {
  private readonly inputs: Map<string, { data: Float32Array; shape: number[] }>[]

  constructor(network: Network, subject: Subject) {
    const random = createRandom(5)
    const shapes = network.inputs.map(({ name, shape }) => ({
      name,
      shape: (subject.coupling.shapes.get(name) ?? shape ?? []).map((dim) => (typeof dim === 'number' ? dim : 1)),
    }))
    const size = ({ shape }: { shape: number[] }) => shape.reduce((a, b) => a * b, 1)
    const largest = Math.max(...shapes.map(size))
    const runs = largest < 1000 ? 64 : largest < 20_000 ? 8 : 1
    this.inputs = Array.from(
      { length: runs },
      () =>
        new Map(
          shapes.map(({ name, shape }) => [
            name,
            { shape, data: Float32Array.from({ length: size({ shape }) }, () => random.normal()) },
          ]),
        ),
    )
  }

  open(network: Network): Promise<Session> {
    return createSession(writeOnnx(network), 2, network.name)
  }

  async run(session: Session, masks: ReturnType<typeof maskFeeds> = new Map()): Promise<Outputs> {
    const all: number[][] = session.outputNames.map(() => [])
    for (const input of this.inputs) {
      const feeds = Object.fromEntries(
        session.inputNames.map((name) => {
          const { data, shape } = masks.get(name) ?? input.get(name)!
          return [name, floatTensor(data, shape)]
        }),
      )
      const outputs = await session.run(feeds)
      session.outputNames.forEach((name, o) => {
        for (const value of outputs[name]!.data as Float32Array) all[o]!.push(Number(value))
      })
    }
    return all.map((values) => Float32Array.from(values))
  }

  async once(network: Network): Promise<Outputs> {
    const session = await this.open(network)
    const outputs = await this.run(session)
    await session.release()
    return outputs
  }
}

/** Largest difference over all outputs, each as a fraction of its reference's range. */
function difference(reference: Outputs, other: Outputs): number {
  return Math.max(
    ...reference.map((values, o) => {
      let [low, high, largest] = [Infinity, -Infinity, 0]
      if (values.length !== other[o]!.length) return Infinity
      values.forEach((value, i) => {
        low = Math.min(low, value)
        high = Math.max(high, value)
        const apart = Math.abs(value - other[o]![i]!)
        largest = apart > largest || Number.isNaN(apart) ? apart : largest
      })
      return largest === 0 ? 0 : largest / (high - low)
    }),
  )
}

const prune = (subject: Subject, keep: Keep): Network =>
  beforeFinalActivation(applyPlan(subject.coupling, subject.branches, keep))

describe.runIf(models.length > 0)('surgery on the zoo', () => {
  afterAll(() => console.log(results.join('\n')))

  it.each(models)('$name', async ({ name, path }) => {
    const given = enliven(await loadOnnx(path), 7)
    const cleaned = cleanNetwork(given)
    const subject = createSubject(cleaned)
    const points = maskPoints(subject)
    const bench = new Bench(cleaned, subject)
    const reference = await bench.open(withMasks(beforeFinalActivation(given), points))
    const whole = await bench.run(reference, maskFeeds(points))
    const cleanDifference = difference(whole, await bench.once(beforeFinalActivation(cleaned)))
    expect(cleanDifference, 'cleaned').toBeLessThan(1e-5)
    const groups = prunable(subject)
    let worst = 0
    let weakest = Infinity
    for (const [plan, keep] of groups.length > 0 ? plans(subject) : []) {
      const file = planFile(subject.coupling, subject.branches, keep, '')
      const masked = await bench.run(reference, maskFeeds(points, file))
      const apart = difference(masked, await bench.once(prune(subject, keep)))
      expect(apart, plan).toBeLessThan(tolerance)
      worst = Math.max(worst, apart)
      weakest = Math.min(weakest, difference(masked, whole))
    }
    if (groups.length > 0) {
      expect(weakest, 'the masks change the output').toBeGreaterThan(100 * tolerance)
      const swapped = await swappedIndex(subject, bench, reference, points)
      expect(swapped, 'a swapped index is seen').toBeGreaterThan(tolerance)
      results.push(
        `${name}: ${groups.length} groups, ${subject.branches.length} branches, ${groups.reduce((sum, g) => sum + g.channels, 0)} units, worst ${worst.toExponential(1)}, swapped ${swapped.toExponential(1)}, cleaned ${cleanDifference.toExponential(1)}`,
      )
    } else results.push(`${name}: no prunable group, cleaned ${cleanDifference.toExponential(1)}`)
    await reference.release()
  })

  it.each(Object.entries(leftOut))('leaves out %s', (_name, reason) =>
    expect(reason).toMatch(/onnxruntime cannot load/),
  )
})

/**
 * The difference when the widest group keeps one channel in place of another. The channel taken out is one that matters:
 * no check can tell two channels apart that are zero on every input.
 */
async function swappedIndex(subject: Subject, bench: Bench, reference: Session, points: readonly MaskPoint[]) {
  const widest = prunable(subject).reduce((best, group) => (group.channels > best.channels ? group : best))
  const order = topUnits(subject.importance.get(widest.id)!, Math.ceil(widest.channels / 2))
  const outside = Array.from({ length: widest.channels }, (_, unit) => unit).find((unit) => !order.includes(unit))!
  const masked = async (units: readonly number[]) => {
    const plan = planFile(subject.coupling, subject.branches, new Map([[widest.id, units]]), '')
    return bench.run(reference, maskFeeds(points, plan))
  }
  const kept = await masked(order)
  for (const unit of order) {
    const rest = order.filter((other) => other !== unit)
    if (difference(kept, await masked(rest)) < 10 * tolerance) continue
    const swapped = [...rest, outside].sort((a, b) => a - b)
    return difference(kept, await bench.once(prune(subject, new Map([[widest.id, swapped]]))))
  }
  return 0
}
