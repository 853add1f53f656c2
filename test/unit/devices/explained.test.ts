import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { gatherFacts } from '../../../src-main/core/explain/facts'
import { layersOf } from '../../../src-main/core/explain/layers'
import { judgeLayers } from '../../../src-main/core/explain/judge'
import { readStep } from '../../../src-main/core/explain/steps'
import { surveyWidths } from '../../../src-main/core/latency/survey'
import { buildTable } from '../../../src-main/core/latency/staircase'
import { planTable } from '../../../src-main/core/latency/table'
import type { Network } from '../../../src-main/core/graph/network'
import type { Widths } from '../../../src-main/core/ports'
import { latencyGroups } from '../../../src-main/core/pruning/latency-groups'
import { createSubject, pruneSubject, subjectKeep } from '../../../src-main/core/pruning/subject'
import { createRandom } from '../../../src-main/core/statistics/random'
import type { Device } from '../../../src-main/devices/device'
import { openDevice } from '../../../src-main/devices/open'
import { createWorld, type World } from '../../../src-main/devices/synthetic/world'
import { saveOnnx } from '../../../src-main/formats/onnx/files'
import { livelyResnet } from '../../fixtures/networks'
import { temporaryFolder } from '../../fixtures/temporary'

const dir = temporaryFolder('explained')
const subject = createSubject(livelyResnet(8))
const groups = latencyGroups(subject)
const total = (world: World): number => world.latency(subject.network)

/** The hidden latency over the widths of one group alone, as a fraction of the whole: index = channels. */
function hiddenCurves(world: World): Map<string, number[]> {
  const ratio = (widths: Widths): number => world.latency(pruneSubject(subject, widths)) / total(world)
  return new Map(
    groups.map(({ id, channels }) => [
      id,
      Array.from({ length: channels + 1 }, (_, kept) => (kept === 0 ? NaN : ratio({ [id]: kept }))),
    ]),
  )
}

/** What a survey of every width would have measured, with the noise that measuring has. */
function tableOf(curves: Map<string, number[]>, seed: number) {
  const random = createRandom(seed)
  const sigma = 0.0015
  const points = planTable(groups, { grid: ({ channels }) => surveyWidths(channels, 64), removals: false })
  const measured = points.map((point) => {
    const ratio = curves.get(point.members[0]!)![point.kept]! + sigma * random.normal()
    return { point, measurement: { ratio, median: ratio, mad: sigma / 1.4826, samples: 1 } }
  })
  return buildTable(groups, measured)
}

/** What the cheapest wider width costs more, per channel, in the group's average channels. */
function priceOfWider(curve: readonly number[], kept: number): number {
  const slope = (1 - curve[1]!) / (curve.length - 2)
  return Math.min(...curve.slice(kept + 1).map((ratio, i) => (ratio - curve[kept]!) / ((i + 1) * slope)))
}

/** Clearly nothing, clearly something: in between, either answer is right. */
const [nothing, something] = [0.1, 0.6]

describe('explaining a device whose staircases are known', () => {
  it.each([1, 2, 3])('tells widths on a step from those off it, and advises one that helps, seed %i', (seed) => {
    const curves = hiddenCurves(createWorld(seed))
    const table = tableOf(curves, seed)
    const wrong: string[] = []
    const useless: string[] = []
    let [clear, advised, missed] = [0, 0, 0]
    for (const { id, channels, signature } of groups) {
      const curve = curves.get(id)!
      const slope = (1 - curve[1]!) / (channels - 1)
      for (let kept = 2; kept < channels; kept++) {
        const { off, better } = readStep(table.staircases[signature]!, kept)!
        const price = priceOfWider(curve, kept)
        clear += price < nothing || price > something ? 1 : 0
        if ((price < nothing && !off) || (price > something && off)) wrong.push(`${id}@${kept}`)
        const saved = (other: number): number => curve[kept]! - curve[other]!
        // Clearly worth advising: much faster although wider, or more than its share although nearby.
        const good = curve.flatMap((_, other) =>
          other > 0 && saved(other) > Math.max(0.006, other < kept ? 1.5 * slope * (kept - other) : 0) ? [other] : [],
        )
        const nearest = Math.min(...good.map((other) => Math.abs(kept - other)))
        if (nearest < (better ? Math.abs(kept - better.kept) : Infinity)) missed += 1
        if (!better) continue
        advised += 1
        if (saved(better.kept) < 0.5 * better.saved) useless.push(`${id}@${kept} → ${better.kept}`)
      }
    }
    expect(clear).toBeGreaterThan(60)
    expect(wrong.length).toBeLessThanOrEqual(0.04 * clear)
    expect(advised).toBeGreaterThan(80)
    expect(useless.length).toBeLessThanOrEqual(0.03 * advised)
    expect(missed).toBeLessThanOrEqual(0.03 * advised)
  })

  it.each([1, 2, 3])('gives each layer of a pruned network its reason, seed %i', async (seed) => {
    const [world, device] = [createWorld(seed), openDevice(`synthetic:${seed}`)]
    const curves = hiddenCurves(world)
    const table = tableOf(curves, seed)
    const random = createRandom(seed)
    const kinds = new Set<string>()
    for (let trial = 0; trial < 3; trial++) {
      const widths = Object.fromEntries(groups.map(({ id, channels }) => [id, 1 + random.below(channels)]))
      const pruned = pruneSubject(subject, widths)
      const judged = judgeLayers(await factsOf(device, widths, pruned), { total: total(world), table })
      const fused = [world.layers(subject.network), world.layers(pruned)].map(
        (list) => new Set(list.filter(({ bound }) => bound === 'fused').map(({ name }) => name)),
      )
      for (const { facts, cause, shortfall } of judged) {
        kinds.add(cause.kind)
        const promised = facts.before.ms * (1 - facts.after.macs / facts.before.macs)
        const lost = layersOf(subject.network)
          .find(({ name }) => name === facts.name)!
          .nodes.filter((name) => fused[0]!.has(name) && !fused[1]!.has(name))
        switch (cause.kind) {
          case 'as-expected':
            expect(shortfall).toBeLessThan(Math.max(0.25 * promised, 0.005 * total(world)))
            break
          case 'off-step':
            expect(priceOfWider(curves.get(cause.step.group)!, cause.step.kept)).toBeLessThan(something)
            break
          case 'fusion-lost':
            expect(lost.length).toBeGreaterThan(0)
            break
          case 'not-pruned':
            expect(facts.groups.every(({ kept, channels }) => kept === channels)).toBe(true)
            break
          default:
            // Nothing that is known here would have explained it.
            expect(['less-efficient', 'no-macs']).toContain(cause.kind)
            expect(lost).toEqual([])
            for (const { id, kept, channels } of facts.groups)
              if (kept < channels) expect(priceOfWider(curves.get(id)!, kept)).toBeGreaterThan(nothing)
        }
      }
    }
    expect(kinds).toContain('off-step')
    expect(kinds).toContain('as-expected')
  })
})

/** The facts of a plan on a device, as `explain` gathers them. */
async function factsOf(device: Device, widths: Widths, pruned: Network) {
  const kernels = async (network: Network) => {
    const file = join(dir, 'model.onnx')
    await saveOnnx(file, network)
    return device.layers(file, [1, 3, 32, 32], 50)
  }
  const original = { network: subject.network, coupling: subject.coupling, kernels: await kernels(subject.network) }
  return gatherFacts(original, { network: pruned, kernels: await kernels(pruned) }, subjectKeep(subject, widths), 1)
}
