/** Many file names in one piece of shared memory: 200,000 take 7 MB, and threads get them without a copy. */
export interface PathTable {
  /** UTF-8, one after another. */
  readonly text: Uint8Array
  /** Where each ends. */
  readonly ends: Uint32Array
}

export function packPaths(paths: readonly string[]): PathTable {
  let bytes = 0
  for (const path of paths) bytes += Buffer.byteLength(path)
  const text = Buffer.from(new SharedArrayBuffer(bytes) as unknown as ArrayBuffer)
  const ends = new Uint32Array(new SharedArrayBuffer(paths.length * 4))
  let at = 0
  paths.forEach((path, i) => (ends[i] = at += text.write(path, at)))
  return { text: new Uint8Array(text.buffer, 0, bytes), ends }
}

export function pathAt({ text, ends }: PathTable, index: number): string {
  const start = index === 0 ? 0 : ends[index - 1]
  return Buffer.from(text.buffer, text.byteOffset + start, ends[index] - start).toString('utf8')
}
