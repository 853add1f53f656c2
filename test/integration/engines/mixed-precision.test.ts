import { expect, test } from 'vitest'
import { openTensorFlow } from '../../../src-main/engines/tensorflow/backend'
import { LoadedModel } from '../../../src-main/engines/training/model'
import { chooseEngine } from '../../../src-main/program/engine-choice'
import { nhwc, training, wanted } from '../../fixtures/engines/gradients'
import { networkCases } from '../../fixtures/engines/networks'
import { withoutTensorFlow } from '../../fixtures/engines/tools'

const why = withoutTensorFlow ?? whyNot()
if (why) console.log(`Mixed precision is not tested: ${why}.`)

function whyNot(): string | undefined {
  return openTensorFlow().describe().precisions.includes('bfloat16')
    ? undefined
    : 'the processor has no bfloat16 instructions'
}

const open = (name: string, precision: 'float32' | 'bfloat16') =>
  new LoadedModel(openTensorFlow(), networkCases[name]!(), { training: { ...training, precision } })

/** Cosine of the angle between two gradients, all tensors together. */
function cosine(a: ReadonlyMap<string, Float32Array>, b: ReadonlyMap<string, Float32Array>): number {
  let [product, one, other] = [0, 0, 0]
  for (const [name, values] of a)
    values.forEach((value, i) => {
      const second = b.get(name)![i]!
      product += value * second
      one += value * value
      other += second * second
    })
  return product / Math.sqrt(one * other)
}

test.skipIf(why).each(Object.keys(networkCases))(
  '%s: loss and gradients in bfloat16 are those of float32 but for rounding',
  (name) => {
    const [exact, mixed] = (['float32', 'bfloat16'] as const).map((precision) => {
      const model = open(name, precision)
      const found = model.gradients(nhwc, wanted)
      model.close()
      return found
    })
    expect([...mixed!.gradients.keys()]).toEqual([...exact!.gradients.keys()])
    // Eight bits of mantissa.
    expect(Math.abs(mixed!.loss / exact!.loss - 1)).toBeLessThan(0.03)
    expect(cosine(exact!.gradients, mixed!.gradients)).toBeGreaterThan(0.98)
  },
)

test.skipIf(why)('learns as in float32, and what is evaluated does not depend on it', () => {
  const name = 'ResNet, option A'
  const [exact, mixed] = (['float32', 'bfloat16'] as const).map((precision) => {
    const model = open(name, precision)
    const before = model.logits(nhwc, 4)
    const losses = Array.from({ length: 30 }, () => model.step(nhwc, wanted, 0.05))
    model.close()
    return { before, losses }
  })
  expect(mixed!.before).toEqual(exact!.before)
  expect(exact!.losses.at(-1)).toBeLessThan(0.7 * exact!.losses[0]!)
  expect(Math.abs(mixed!.losses.at(-1)! - exact!.losses.at(-1)!)).toBeLessThan(0.1 * exact!.losses[0]!)
})

test('an engine that has not the precision asked for says so before it works', async () => {
  await expect(chooseEngine('wasm', undefined, 'bfloat16')).rejects.toMatchObject({
    failure: {
      ...{ kind: 'input', code: 'engine-precision' },
      message: expect.stringContaining('does not train in bfloat16 on this computer'),
      hint: expect.stringContaining('--precision'),
    },
  })
})
