import { LupineError } from '../../src-main/core/failure'
import { findGroups } from '../../src-main/core/coupling/groups'
import { cleanNetwork } from '../../src-main/core/graph/clean'
import { networkCost } from '../../src-main/core/graph/cost'
import { createRandom } from '../../src-main/core/statistics/random'
import { externalData } from '../../src-main/formats/onnx/external'
import { readOnnx } from '../../src-main/formats/onnx/read'
import { mutate } from './mutations'
import type { Seed } from './seeds'

export interface Verdict {
  readonly kind: string
  /** 'fine', or the failure's code. */
  readonly outcome: string
  /** Why this must not be. */
  readonly wrong: string | undefined
  readonly milliseconds: number
}

/** Longest an import may take. */
export const limit = 5000

/** What `inspect` does with a file, on the i-th damaged copy of a seed. */
export function trial(seed: Seed, number: number): Verdict {
  const random = createRandom(number)
  const { kind, bytes } = mutate(seed.bytes, random)
  const start = performance.now()
  let outcome = 'fine'
  let wrong: string | undefined
  try {
    const network = cleanNetwork(readOnnx(bytes, 'model.onnx', externalData(import.meta.dirname, 'model.onnx')))
    const coupling = findGroups(network)
    const cost = networkCost(network, coupling.shapes)
    if (![cost.macs, cost.params, cost.peakActivationBytes].every((value) => value >= 0)) wrong = 'costs are no numbers'
  } catch (error) {
    if (error instanceof LupineError) {
      outcome = error.failure.code
      if (error.failure.kind !== 'input') wrong = `is a failure of kind ${error.failure.kind}`
      if (!/"|model\.onnx/.test(error.message)) wrong = `names nothing: ${error.message}`
    } else wrong = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  const milliseconds = performance.now() - start
  if (milliseconds > limit) wrong = `takes ${Math.round(milliseconds)} ms`
  return { kind, outcome, wrong, milliseconds }
}
