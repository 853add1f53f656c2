import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../../fixtures/temporary'

/** The bytes of `rows` rows: label = row mod classes, all pixels of row r = (r + first) mod 256. */
export function rowsOf(rows: number, first = 0, labelBytes = 1, classes = 10): Buffer {
  const rowBytes = labelBytes + 3072
  const bytes = Buffer.alloc(rows * rowBytes)
  for (let r = 0; r < rows; r++) {
    bytes.fill((r + first) % 256, r * rowBytes, (r + 1) * rowBytes)
    bytes[r * rowBytes + labelBytes - 1] = r % classes
    if (labelBytes === 2) bytes[r * rowBytes] = 0
  }
  return bytes
}

/** A folder with a small CIFAR-10; `change` replaces files (undefined: leaves one out). */
export function smallCifar10(rows = 20, change: Record<string, Buffer | string | undefined> = {}): string {
  const folder = temporaryFolder('cifar')
  const files: Record<string, Buffer | string | undefined> = { 'test_batch.bin': rowsOf(rows, 200) }
  for (let n = 1; n <= 5; n++) files[`data_batch_${n}.bin`] = rowsOf(rows, (n - 1) * rows)
  for (const [name, content] of Object.entries({ ...files, ...change }))
    if (content !== undefined) writeFileSync(join(folder, name), content)
  return folder
}
