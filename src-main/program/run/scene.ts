import type { RunRequest, StageName } from '../../contract'
import type { DataSource } from '../../datasets/dataset'
import type { Device } from '../../devices/device'
import type { Layout } from '../../projects/layout'
import type { JobContext } from '../../runs/job'
import type { Stages } from '../../runs/stages'
import type { ChosenEngine } from '../engine-choice'

/** What the first stage leaves for the others. */
export interface Imported {
  /** SHA-256 of the file as given. */
  readonly sha256: string
  readonly data: DataSource
  readonly normalize: string
  readonly bytes: number
  /** How many BN were put back for as long as the network is worked on (absent in older projects: none). */
  readonly reinserted?: number
  readonly warnings: readonly string[]
}

/** What a run fixes for itself at its start, so that resume uses the same. */
export interface RunSettings {
  readonly evaluations: number
  readonly epochs: number
  /** Most widths measured per staircase; undefined: as many as a search does. */
  readonly tableWidths?: number
  /** Training images per epoch; undefined: all. */
  readonly limit?: number
  readonly learningRate?: number
  /** Plans fine-tuned briefly, each on so many images; absent in projects of older versions. */
  readonly refine?: { readonly plans: number; readonly images: number }
  readonly images: { readonly fitness: number; readonly recalibration: number }
}

/** What every stage of a run has at hand. */
export interface RunScene {
  readonly request: RunRequest
  readonly settings: RunSettings
  readonly files: Layout
  readonly job: JobContext
}

/** The same once the model is imported and the engine chosen. */
export interface PreparedScene extends RunScene {
  readonly stages: Stages<StageName>
  readonly imported: Imported
  readonly engine: ChosenEngine
  readonly device: Device
}
