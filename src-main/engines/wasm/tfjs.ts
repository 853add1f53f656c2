import { createRequire } from 'node:module'

/** TensorFlow.js' core as CommonJS, so that the wasm backend (CommonJS too) registers its kernels in this very copy. */
export const load = createRequire(import.meta.url)
export const tf = load('@tensorflow/tfjs-core') as typeof import('@tensorflow/tfjs-core')
export type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
