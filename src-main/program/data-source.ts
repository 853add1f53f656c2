import type { DataSource } from '../datasets/dataset'
import { formatNormalization, normalizationPresets, parseNormalization } from '../datasets/normalization'
import { loadOnnx } from '../formats/onnx/files'
import { withOnnxruntime } from './onnxruntime'

/** Key of ONNX metadata under which Lupine keeps the normalisation a network expects. */
export const normalizeKey = 'lupine.normalize'

export interface ResolvedData {
  readonly source: DataSource
  /** As one would give it to --normalize. */
  readonly normalize: string
  readonly how: 'given' | 'model' | 'detected'
  /** For people, when it was detected. */
  readonly note: string | undefined
}

/**
 * The data set with the normalisation the network expects: as given, else as the model's metadata say (Lupine writes
 * them), else found by trying the common ones on training images.
 * @throws LupineError of the model, the data set, 'normalize-syntax'
 */
export async function resolveData(model: string, address: string, given?: string): Promise<ResolvedData> {
  const text = given ?? (await loadOnnx(model)).metadata[normalizeKey]
  if (text !== undefined) {
    const normalization = parseNormalization(text)
    const normalize = formatNormalization(normalization)
    return { source: { address, normalization }, normalize, how: given ? 'given' : 'model', note: undefined }
  }
  const found = await withOnnxruntime((ort) => ort.call('detectNormalization', { model, data: address }))
  const normalization = normalizationPresets[found.normalize] ?? parseNormalization(found.normalize)
  return {
    source: { address, normalization },
    normalize: found.normalize,
    how: 'detected',
    note: `Normalisation detected: ${found.normalize} (loss ${found.loss.toFixed(4)} on training images; next best ${found.next.normalize}, ${found.next.loss.toFixed(4)}); give --normalize to set it.`,
  }
}
