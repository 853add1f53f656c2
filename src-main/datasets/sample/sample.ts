import { sharedBytes, sharedIndices, type Dataset, type RowSource, type Split } from '../dataset'
import { streamOf } from '../seeded'
import { drawImage, side } from './draw'
import { toolMask, toolNames } from './shapes'

const shape = { channels: 3, height: side, width: side }
const bytesPerImage = 3 * side * side

/** Image i of split s is drawn from the stream (seed, s, i). A new seed would be a new data set. */
const sampleSeed = 1918

/**
 * The built-in data set: ten tools, 32 × 32 in colour, 8,000 images to train, 1,000 for validation, 2,000 to test.
 * Drawn on first use, split by split; the same bytes on every machine.
 */
export const createSample = (): Dataset => ({
  address: 'sample',
  classes: toolNames,
  ...shape,
  splits: { train: new DrawnSplit(1, 8000), validation: new DrawnSplit(2, 1000), test: new DrawnSplit(3, 2000) },
  notes: [],
})

class DrawnSplit implements Split {
  readonly shape = shape
  readonly labels: Int32Array
  private drawn: RowSource | undefined
  constructor(
    private readonly id: number,
    readonly size: number,
  ) {
    this.labels = Int32Array.from({ length: size }, (_, i) => i % toolNames.length)
  }

  get source(): RowSource {
    return (this.drawn ??= this.draw())
  }

  private draw(): RowSource {
    const masks = toolNames.map(toolMask)
    const bytes = sharedBytes(this.size * bytesPerImage)
    for (let i = 0; i < this.size; i++)
      drawImage(masks[this.labels[i]], streamOf(sampleSeed, this.id, i), bytes, i * bytesPerImage)
    const rows = sharedIndices(Array.from({ length: this.size }, (_, i) => i))
    return { kind: 'rows', bytes, rowBytes: bytesPerImage, skip: 0, rows }
  }
}
