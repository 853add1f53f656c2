import { FLOAT, type Attribute, type Ref } from '../graph'
import { DATA_FORMAT } from '../layout'
import { record, type Pass } from '../pass'

/** Vectors [C]. */
export interface BatchNormParameters {
  readonly scale: Ref
  readonly shift: Ref
  readonly mean: Ref
  readonly variance: Ref
}

const attributesOf = (epsilon: number, training: boolean): Record<string, Attribute> => ({
  T: FLOAT,
  U: FLOAT,
  epsilon: { float: epsilon },
  data_format: DATA_FORMAT,
  is_training: { bool: training },
})

/**
 * Batch normalisation of x [N, H, W, C] by stored statistics: an affine map, so the gradient of x is that of the output
 * times γ/σ. None goes to the parameters.
 */
export function normalizeByStored(pass: Pass, x: Ref, parameters: BatchNormParameters, epsilon: number): Ref {
  const { graph } = pass
  const { scale, shift, mean, variance } = parameters
  const attributes = attributesOf(epsilon, false)
  const y = graph.node('FusedBatchNormV3', [x, scale, shift, mean, variance], attributes)
  return record(pass, y, [x], (dy, accumulate) =>
    accumulate(x, () => {
      // The same op without its offsets.
      const zeros = graph.node('Sub', [mean, mean], { T: FLOAT })
      return graph.node('FusedBatchNormV3', [dy, scale, zeros, zeros, variance], attributes)
    }),
  )
}

/**
 * Batch normalisation of x [N, H, W, C] by the batch's statistics.
 * @param factor weight of this batch in the running statistics: new = (1 − factor) · old + factor · batch. The
 *   variance that enters them is the unbiased one (n − 1), as in PyTorch.
 * @returns the output and the new running mean and variance
 */
export function normalizeByBatch(
  pass: Pass,
  x: Ref,
  { scale, shift, mean, variance }: BatchNormParameters,
  epsilon: number,
  factor: number,
): { y: Ref; mean: Ref; variance: Ref } {
  const { graph } = pass
  const attributes = attributesOf(epsilon, true)
  const y = graph.node('FusedBatchNormV3', [x, scale, shift, mean, variance], {
    ...attributes,
    exponential_avg_factor: { float: factor },
  })
  record(pass, y, [x, scale, shift], (dy, accumulate) => {
    const saved = [`${y}:3`, `${y}:4`, `${y}:5`]
    const gradient = graph.node('FusedBatchNormGradV3', [dy, x, scale, ...saved], attributes)
    accumulate(x, () => gradient)
    accumulate(scale, () => `${gradient}:1`)
    accumulate(shift, () => `${gradient}:2`)
  })
  return { y, mean: `${y}:1`, variance: `${y}:2` }
}
