import { convolutionKernels } from './convolution'
import { elementwiseKernels } from './elementwise'
import type { Kernel } from './kernel'
import { learningKernels } from './learning'
import { normalizationKernels } from './normalization'
import { shapingKernels } from './shaping'

/** TensorFlow op → how it is computed here. */
export const kernels: Readonly<Record<string, Kernel>> = {
  ...convolutionKernels,
  ...normalizationKernels,
  ...elementwiseKernels,
  ...shapingKernels,
  ...learningKernels,
}
