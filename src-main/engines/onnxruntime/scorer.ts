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
import { beyondDoubtLarger } from '../../core/statistics/race'
import { divergences, labelRank, meanDivergence, softmaxRows } from './outputs'
import { recalibrate } from './recalibrate'

export interface ScorerRequest {
  /** Path of the network that is pruned, ONNX: the cleaned original, perhaps with its BN put back. */
  readonly model: string
  readonly data: DataSource
  /** Images the network has not seen: candidates are scored on its test split, not on `data`'s validation split. */
  readonly holdout?: DataSource
  /** Path of the importance per group (formats/vectors.ts); absent: L1. */
  readonly importance?: string
  /** Images the divergence is taken over. */
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

/** Part of the images that a race is run on, and the fewest worth one. */
const part = 1 / 8
const fewest = 64

interface Few {
  readonly fitness: HeldImages
  readonly calibration: HeldImages
  /** The original's probabilities on `fitness`. */
  readonly original: Float32Array
}

/** Scores pruned candidates of one network: surgery, BN recalibration, divergence from the original. */
export class Scorer {
  private chosenFew: { readonly few: Few | undefined } | undefined

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
    const held = request.holdout && (await openImages(network, request.holdout.address, request.model))
    const split = held ? splitOf(held, 'test') : splitOf(dataset, 'validation')
    const fitness = await holdImages(split, normalization, request.fitnessImages)
    const calibration = await holdImages(splitOf(dataset, 'train'), normalization, request.recalibrationImages)
    const { values, width } = await classify(network, fitness, request.threads, batchFor(fitness.shape))
    for (const set of [dataset, ...(held ? [held] : [])])
      if (set.classes.length > 0 && width !== set.classes.length) throw classesDiffer(width, set)
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

  /** Divergence and top-1 on the fitness images after BN recalibration; with a race, on a few images first. */
  async score(widths: Widths, race?: { readonly rival?: Score | undefined }): Promise<Score> {
    const pruned = pruneSubject(this.subject, widths)
    const part = race && this.few
    const few = part && (await this.scoreFew(pruned, part))
    const { rival } = race ?? {}
    const worse = few && rival?.few?.length === few.length ? beyondDoubtLarger(few, rival.few) : undefined
    if (worse !== undefined)
      return { divergence: rival!.divergence + worse, top1: undefined, few: few!, estimated: true }
    return { ...(await this.scoreNetwork(await this.recalibrated(pruned))), ...(few && { few }) }
  }

  /** Divergence and top-1 of a network as it is, on the fitness images. */
  async scoreNetwork(network: Network): Promise<Score> {
    const probabilities = await this.probabilities(network, this.fitness)
    return { divergence: meanDivergence(this.original, probabilities, this.width), top1: this.top1(probabilities) }
  }

  private async scoreFew(pruned: Network, { fitness, calibration, original }: Few): Promise<number[]> {
    const probabilities = await this.probabilities(await this.recalibratedOn(pruned, calibration), fitness)
    // A journal keeps them: no more digits than they are worth.
    return Array.from(divergences(original, probabilities, this.width), (value) => Number(value.toPrecision(4)))
  }

  private async probabilities(network: Network, images: HeldImages): Promise<Float32Array> {
    const { values } = await classify(network, images, this.threads, batchFor(images.shape))
    return softmaxRows(values, this.width)
  }

  /** Held from the first race on. Undefined where there are too few images to take a part of. */
  private get few(): Few | undefined {
    this.chosenFew ??= { few: this.chooseFew() }
    return this.chosenFew.few
  }

  private chooseFew(): Few | undefined {
    const { fitness, calibration, original, width } = this
    const [some, others] = [Math.floor(part * fitness.size), Math.floor(part * calibration.size)]
    if (Math.min(some, others) < fewest) return undefined
    const { images, positions } = fitness.part(some)
    const rows = new Float32Array(positions.length * width)
    positions.forEach((from, i) => rows.set(original.subarray(from * width, (from + 1) * width), i * width))
    return { fitness: images, calibration: calibration.part(others).images, original: rows }
  }

  /** A pruned network with its BN statistics re-estimated. */
  recalibrated(network: Network): Promise<Network> {
    return this.recalibratedOn(network, this.calibration)
  }

  private recalibratedOn(network: Network, images: HeldImages): Promise<Network> {
    return recalibrate(network, images.batches(Math.max(32, batchFor(images.shape))), this.threads)
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
