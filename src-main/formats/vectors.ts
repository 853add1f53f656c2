import { readFile } from 'node:fs/promises'
import { fail } from '../core/failure'
import { writeAtomically } from './onnx/files'

/** Figures per channel, by the name of a node, a tensor or a group. */
export type Vectors = ReadonlyMap<string, Float64Array>

/** Where a file of means keeps the variance that goes with one. */
export const varianceOf = (name: string): string => `${name}#variance`

/** Named vectors as plain JSON values: what a journal or a message holds. */
export const vectorsToJson = (vectors: Vectors): Record<string, number[]> =>
  Object.fromEntries([...vectors].map(([name, values]) => [name, Array.from(values)]))

export const vectorsFromJson = (json: Readonly<Record<string, readonly number[]>>): Map<string, Float64Array> =>
  new Map(Object.entries(json).map(([name, values]) => [name, Float64Array.from(values)]))

/**
 * Writes named vectors, one JSON object: how processes hand each other figures per channel. JSON keeps every bit of a
 * finite double.
 * @throws LupineError 'figures-not-finite' naming the vector; 'disk-full', 'not-written'
 */
export async function saveVectors(path: string, vectors: Vectors): Promise<void> {
  for (const [name, values] of vectors)
    if (!values.every(Number.isFinite))
      throw fail(
        'work',
        'figures-not-finite',
        `The figures of ${name} are not numbers: the network's activations or gradients overflow.`,
        'Check the normalisation (--normalize); a network that gives NaN cannot be judged by data.',
      )
  await writeAtomically(path, JSON.stringify(vectorsToJson(vectors)))
}

/** @throws LupineError 'vectors-unreadable' */
export async function loadVectors(path: string): Promise<Map<string, Float64Array>> {
  try {
    return vectorsFromJson(JSON.parse(await readFile(path, 'utf8')) as Record<string, number[]>)
  } catch (error) {
    throw fail(
      'work',
      'vectors-unreadable',
      `${path} cannot be read: ${(error as Error).message}.`,
      'Start again; the file was written by this program a moment ago.',
      error,
    )
  }
}
