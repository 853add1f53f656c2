import type { Dataset, Split } from '../dataset'
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
})

class DrawnSplit implements Split {
  readonly shape = shape
  private drawn: Uint8Array | undefined
  constructor(
    private readonly id: number,
    readonly size: number,
  ) {}

  readImage(index: number, into: Uint8Array, offset: number): void {
    this.drawn ??= this.draw()
    into.set(this.drawn.subarray(index * bytesPerImage, (index + 1) * bytesPerImage), offset)
  }

  label(index: number): number {
    return index % toolNames.length
  }

  private draw(): Uint8Array {
    const masks = toolNames.map(toolMask)
    const images = new Uint8Array(this.size * bytesPerImage)
    for (let i = 0; i < this.size; i++)
      drawImage(masks[this.label(i)], streamOf(sampleSeed, this.id, i), images, i * bytesPerImage)
    return images
  }
}
