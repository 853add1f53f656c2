import type { Network } from '../../core/graph/network'
import type { Score, Widths } from '../../core/ports'
import { createSubject, pruneSubject, type Subject } from '../../core/pruning/subject'
import type { DataSource } from '../../datasets/dataset'
import { splitOf } from '../../datasets/open'
import { loadOnnx } from '../../formats/onnx/files'
import { loadVectors } from '../../formats/vectors'
import { classesDiffer, openImages } from '../images'
import { classify } from './classify'
import { batchFor, holdImages, type HeldImages } from './images'
import { beforeFinalActivation } from '../../core/graph/outputs'
import { labelRank, meanDivergence, softmaxRows } from './outputs'
import { recalibrate } from './recalibrate'

export interface ScorerRequest {
  /** Path of the network that is pruned, ONNX: the cleaned original, perhaps with its BN put back. */
  readonly model: string
  readonly data: DataSource
  /** Path of the importance per group (formats/vectors.ts); absent: L1. */
  readonly importance?: string
  /** Images the divergence is taken over (validation split). */
  readonly fitnessImages: number
  /** Images BN is recalibrated on (training split). */
  readonly recalibrationImages: number
  readonly threads: number
}

export interface ScorerDescription {
  /** The original's score on the fitness images: top-1 there says nothing of accuracy, for they were trained on. */
  readonly original: { readonly top1: number | undefined }
  readonly images: number
  /** About the data, for people. */
  readonly warnings: string[]
}

/** Scores pruned candidates of one network: surgery, BN recalibration, divergence from the original. */
export class Scorer {
  private constructor(
    private readonly subject: Subject,
    private readonly fitness: HeldImages,
    private readonly calibration: HeldImages,
    private readonly original: Float32Array,
    private readonly width: number,
    private readonly threads: number,
    private readonly warnings: string[],
  ) {}

  /** @throws LupineError of the model, the data set, or 'classes-differ' */
  static async create(request: ScorerRequest): Promise<Scorer> {
    const network = beforeFinalActivation(await loadOnnx(request.model))
    const dataset = await openImages(network, request.data.address, request.model)
    const { normalization } = request.data
    const fitness = await holdImages(splitOf(dataset, 'validation'), normalization, request.fitnessImages)
    const calibration = await holdImages(splitOf(dataset, 'train'), normalization, request.recalibrationImages)
    const { values, width } = await classify(network, fitness, request.threads, batchFor(fitness.shape))
    if (dataset.classes.length > 0 && width !== dataset.classes.length) throw classesDiffer(width, dataset)
    const subject = createSubject(
      network,
      request.importance ? { importance: await loadVectors(request.importance) } : {},
    )
    const warnings = [...dataset.notes, ...fitness.warnings, ...calibration.warnings]
    return new Scorer(subject, fitness, calibration, softmaxRows(values, width), width, request.threads, warnings)
  }

  describe(): ScorerDescription {
    return { original: { top1: this.top1(this.original) }, images: this.fitness.size, warnings: this.warnings }
  }

  /** Divergence and top-1 on the fitness images after BN recalibration. */
  async score(widths: Widths): Promise<Score> {
    const candidate = await this.recalibrated(pruneSubject(this.subject, widths))
    const { values } = await classify(candidate, this.fitness, this.threads, batchFor(this.fitness.shape))
    const probabilities = softmaxRows(values, this.width)
    return { divergence: meanDivergence(this.original, probabilities, this.width), top1: this.top1(probabilities) }
  }

  /** A pruned network with its BN statistics re-estimated. */
  recalibrated(network: Network): Promise<Network> {
    return recalibrate(network, this.calibration.batches(Math.max(32, batchFor(this.calibration.shape))), this.threads)
  }

  /** Undefined without labels. */
  private top1(values: Float32Array): number | undefined {
    if (this.fitness.labels[0]! < 0) return undefined
    let right = 0
    for (let i = 0; i < this.fitness.size; i++)
      if (labelRank(values, i, this.width, this.fitness.labels[i]!) === 0) right++
    return right / this.fitness.size
  }
}
