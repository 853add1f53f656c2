/**
 * What an engine process can be asked. Requests and answers are plain JSON; tensors travel as files. The same
 * interface for tensorflow and wasm; onnxruntime answers `forward` and `evaluate` only.
 */
import type { FilterSchedule } from '../core/methods/filters/schedule'
import type { DataSource } from '../datasets/dataset'
import type { Precision } from './compiler/mixed-precision'

export type { Precision }

export type EngineName = 'tensorflow' | 'wasm' | 'onnxruntime'

export interface EngineDescription {
  readonly engine: EngineName
  /** Of the library beneath: TensorFlow 2.21.0, … */
  readonly version: string
  /** 'cpu', or a GPU's name. */
  readonly device: string
  readonly threads: number
  /** What it trains in; the first is the fastest that is known to be as good. */
  readonly precisions: readonly Precision[]
}

export interface Recipe {
  readonly epochs: number
  readonly batch: number
  /** Peak learning rate, after warm-up. */
  readonly learningRate: number
  readonly momentum: number
  readonly nesterov: boolean
  /** L2, on convolution and dense weights only (not on BN or bias). */
  readonly weightDecay: number
  readonly schedule: 'cosine' | 'step' | 'constant'
  /** For 'step': the learning rate is multiplied by `decay` (0.1) after each of these epochs. */
  readonly milestones?: readonly number[]
  readonly decay?: number
  /** Linear warm-up, in epochs (fractions allowed). */
  readonly warmupEpochs: number
  /** Share of every label that is spread over all classes alike (Szegedy et al., 2016), 0…1; undefined: 0. */
  readonly labelSmoothing?: number
  /** Stops after so many epochs without a better validation top-1; undefined: never. */
  readonly patience?: number
  /**
   * Whose weights are the result: the last epoch's, or of the one with the best validation top-1 (the first of equals).
   * Undefined: the best with `patience`, else the last, since at the end of its schedule a training is at its best but
   * for noise, and choosing by validation top-1 makes that figure optimistic.
   */
  readonly keep?: 'best' | 'last'
  /** Weight of the distillation term against cross-entropy, 0…1; 0 or no teacher: labels only. */
  readonly distillation: number
  readonly temperature: number
  /** Random crop after zero-padding by so many pixels; 0: none. */
  readonly crop: number
  readonly flip: boolean
  /** Cutout (DeVries and Taylor, 2017): side of the square blanked in every training image, in pixels; 0 or undefined: none. */
  readonly cutout?: number
  readonly seed: number
  /** Undefined: the first that the engine has. */
  readonly precision?: Precision
  /** Use only so many training images (the first of a seeded permutation); undefined: all. */
  readonly limit?: number
}

/** What a pruning method does to a training. */
export type PruningRegime =
  | {
      /** Filters are masked at the start and after every epoch, the soft ones trained on, the hard ones frozen at 0. */
      readonly kind: 'filters'
      readonly schedule: FilterSchedule
      /** Ids of the coupled groups whose filters are pruned. */
      readonly groups: readonly string[]
      /** Group → the part of the schedule's rate that is its own; all of it where absent. */
      readonly parts?: Readonly<Record<string, number>>
    }
  | {
      /** A penalty drives BN scales to zero. */
      readonly kind: 'scales'
      readonly step: 'subgradient' | 'proximal'
      /** Per initializer. */
      readonly strengths: Readonly<Record<string, number>>
    }

export interface TrainRequest {
  /** Path of an ONNX file. */
  readonly model: string
  /** Path of the unpruned network's ONNX file. */
  readonly teacher?: string
  readonly data: DataSource
  readonly recipe: Recipe
  /** Folder for checkpoints (one per epoch; the last two and the best are kept); resumed from when it holds one of this recipe. */
  readonly checkpoints?: string
  /** Where the trained network goes, as ONNX. */
  readonly out: string
  /** Images of the validation split that top-1 is taken over, spread evenly; undefined: all. */
  readonly judgedOn?: number
  /** Then the result is the last epoch's: earlier ones are less pruned. */
  readonly regime?: PruningRegime
}

/** What is pruned after an epoch. Figures of one kind of regime or the other. */
export interface PrunedRecord {
  /** P_t, α_t, λ_t of the schedule, and how many filters are masked and how many of them for good. */
  readonly rate?: number
  readonly alpha?: number
  readonly lambda?: number
  readonly soft?: number
  readonly hard?: number
  /** Fraction of the penalized BN scales that are exactly zero, and below a hundredth. */
  readonly zero?: number
  readonly small?: number
}

export interface EpochRecord {
  readonly epoch: number
  /** Mean training loss. */
  readonly loss: number
  /** On the validation split, after the epoch and what its regime did to the weights. */
  readonly top1: number
  /** Learning rate at the epoch's end. */
  readonly lr: number
  readonly imagesPerSecond: number
  readonly pruned?: PrunedRecord
}

export interface TrainResult {
  readonly epochs: EpochRecord[]
  /** Validation top-1 before training, and of the weights that are the result. */
  readonly top1: { readonly before: number; readonly after: number }
  /** The epoch whose weights are the result (0: none was trained), and why that one. */
  readonly kept: { readonly epoch: number; readonly rule: 'best' | 'last' }
  readonly imagesPerSecond: number
  readonly engine: EngineDescription
  readonly precision: Precision
  /** Epochs taken from a checkpoint instead of trained. */
  readonly resumedFrom: number
  /** What top-1 is counted against: the data's labels, or the teacher's answers where there are none. */
  readonly judgedBy: 'labels' | 'teacher'
  /** About the data, for people: images that were left out, … */
  readonly warnings: string[]
  /** It ended before its last epoch because it was asked to. */
  readonly concluded?: boolean
  /** With a regime of filters: the units of each group that are pruned, ascending. */
  readonly pruned?: Readonly<Record<string, readonly number[]>>
}

export interface TrainProgress {
  readonly epoch: number
  readonly epochs: number
  readonly step: number
  readonly steps: number
  readonly loss: number
  /** Present once per finished epoch. */
  readonly record?: EpochRecord
}

export interface ForwardRequest {
  readonly model: string
  /** Raw little-endian float32, NCHW, the shape below. */
  readonly input: string
  readonly shape: readonly number[]
  /** Tensors to read; undefined: the network's outputs. */
  readonly outputs?: readonly string[]
  /** Folder that receives one raw float32 file per output. */
  readonly into: string
  /**
   * Runs what the engine can where it lacks an operator: the answer then holds the outputs that could be made, and the
   * tensors at which it had to stop. Not for onnxruntime.
   */
  readonly partial?: boolean
  /** Runs the file as it is, in half precision where it was exported so. For onnxruntime; no weights in other files. */
  readonly asExported?: boolean
  /** What messages call the model; its path when absent. For onnxruntime. */
  readonly place?: string
}

export interface ForwardResult {
  readonly outputs: { readonly name: string; readonly shape: number[]; readonly file: string }[]
  /** Of the cleaned network: how many nodes ran, and which did not and why. Absent from onnxruntime. */
  readonly nodes?: {
    readonly run: number
    readonly opaque: readonly { readonly name: string; readonly op: string; readonly why: string }[]
  }
}

export interface EvaluateRequest {
  readonly model: string
  readonly data: DataSource
  readonly split: 'train' | 'validation' | 'test'
  readonly limit?: number
}

/** How many images of a class were given its label first. */
export interface ClassScore {
  readonly name: string
  readonly images: number
  readonly top1: number
}

export interface EvaluateResult {
  readonly top1: number
  readonly top5: number
  readonly images: number
  readonly seconds: number
  /** In the order of the class indices. From onnxruntime. */
  readonly perClass?: ClassScore[]
  /** About the data, for people. */
  readonly warnings: string[]
}

export interface SensitivityRequest {
  readonly model: string
  readonly data: DataSource
  /** Training images looked at, and how many make a batch. */
  readonly images: number
  readonly batch: number
  readonly seed: number
  /** What is averaged over the batches; undefined: absolute. */
  readonly aggregate?: 'absolute' | 'squared'
  /** Receives the figures as named vectors (formats/vectors.ts): BatchNormalization node → one value per channel. */
  readonly out: string
}

export interface SensitivityResult {
  /** Mean cross-entropy over the batches, nats. */
  readonly loss: number
  readonly batches: number
}

/** Method name → request and answer. */
export interface EngineMethods {
  describe: { request: Record<string, never>; result: EngineDescription; progress: never }
  train: { request: TrainRequest; result: TrainResult; progress: TrainProgress }
  forward: { request: ForwardRequest; result: ForwardResult; progress: never }
  evaluate: { request: EvaluateRequest; result: EvaluateResult; progress: { done: number; total: number } }
  /** Mean over batches of |γ·∂L/∂γ + β·∂L/∂β|, or its square, per BN channel, statistics as stored; changes nothing. */
  sensitivity: { request: SensitivityRequest; result: SensitivityResult; progress: { done: number; total: number } }
}
