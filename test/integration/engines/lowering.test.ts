import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import type { Network } from '../../../src-main/core/graph/network'
import { compile } from '../../../src-main/engines/compiler/compile'
import { lowerings } from '../../../src-main/engines/compiler/lowering'
import { LoadedModel } from '../../../src-main/engines/training/model'
import { writeOnnx } from '../../../src-main/formats/onnx/write'
import { withoutAutodiff, type Gradients } from '../../fixtures/engines/autodiff'
import { cases } from '../../fixtures/engines/cases'
import {
  autodiff,
  BATCH,
  expectDifferences,
  engines,
  expectSame,
  images,
  nhwc,
  SHAPE,
  training,
} from '../../fixtures/engines/gradients'
import { networkCases } from '../../fixtures/engines/networks'
import { relativeError, withoutTensorFlow } from '../../fixtures/engines/tools'

const names = Object.keys(cases)

async function onnxruntime(network: Network): Promise<Float32Array> {
  const session = await InferenceSession.create(writeOnnx(network))
  const result = await session.run({ input: new Tensor('float32', images, SHAPE) })
  return result[network.outputs[0].name].data as Float32Array
}

interface Reference {
  readonly logits: Float32Array
  /** TensorFlow.js' refusal where it knows no gradient. */
  readonly gradients: Gradients | Error
}

/** What onnxruntime and TensorFlow.js say about each case, once for all engines. */
const references = new Map<string, Reference>()

async function referenceOf(name: string): Promise<Reference> {
  const known = references.get(name)
  if (known) return known
  const network = cases[name]()
  const gradients = await autodiff(compile(network, { training })).catch((error: unknown) => error as Error)
  const reference = { logits: await onnxruntime(network), gradients }
  references.set(name, reference)
  return reference
}

describe.each(engines)('%s', (engine, open, missing) => {
  // One engine is enough for differences where TensorFlow.js' gradients are both engines' to four digits.
  const byDifferences = new Set(engine === 'wasm' && !withoutTensorFlow ? Object.keys(withoutAutodiff) : names)

  test.skipIf(missing).each(names)(
    '%s: outputs as in onnxruntime, gradients as in TensorFlow.js and by differences',
    async (name) => {
      const { logits, gradients } = await referenceOf(name)
      const network = cases[name]()
      const model = new LoadedModel(await open(), network, { training })
      try {
        expect(relativeError(model.logits(nhwc, BATCH), logits)).toBeLessThan(1e-5)
        if (!(name in withoutAutodiff)) {
          if (gradients instanceof Error) throw gradients
          expectSame(model, gradients)
        }
        if (byDifferences.has(name)) expectDifferences(model, network, name in networkCases ? 'gradient' : 'random')
      } finally {
        model.close()
      }
    },
  )
})

describe('what TensorFlow.js proves', () => {
  test.each(Object.entries(withoutAutodiff))('%s is beyond it', async (name, complaint) => {
    expect((await referenceOf(name)).gradients).toMatchObject({ message: expect.stringMatching(complaint) })
  })

  test('every operator through which a gradient passes is in a case that it can differentiate', () => {
    const proven = new Set(
      Object.entries(cases).flatMap(([name, make]) => (name in withoutAutodiff ? [] : differentiated(make()))),
    )
    const rest = Object.keys(lowerings).filter((op) => !proven.has(op))
    expect(rest.sort()).toEqual([...withoutGradient, ...trivial].sort())
  })
})

/** Steps and truth values: constants in the backward pass. */
const withoutGradient = [
  ...['And', 'Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'Not', 'Or', 'Xor'],
  ...['ArgMax', 'ArgMin', 'Cast', 'CastLike', 'Ceil', 'Floor', 'OneHot', 'Round', 'Sign'],
]
/** Gone before a network is lowered, or the input itself. */
const trivial = ['Dropout', 'Identity']

/** The operators of a network that stand between something learned and the loss. */
function differentiated(given: Network): string[] {
  const { network, variables } = compile(given, { training })
  const learned = new Set(variables.map(({ tensor }) => tensor))
  const active = new Set<string>()
  return network.nodes.flatMap(({ op, inputs, outputs }) => {
    if (!inputs.some((input) => learned.has(input) || active.has(input))) return []
    for (const output of outputs) active.add(output)
    return [op]
  })
}
