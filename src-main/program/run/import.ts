import { beforeFinalActivation } from '../../core/graph/outputs'
import { fail } from '../../core/failure'
import { saveOnnx, writeAtomically } from '../../formats/onnx/files'
import { writeOnnx } from '../../formats/onnx/write'
import { hashBytes } from '../../projects/provenance'
import { normalizeKey, resolveData } from '../data-source'
import { workingNetwork } from '../norms'
import type { Layout } from '../../projects/layout'
import type { Imported, RunScene } from './scene'
import { loadModel } from '../load'

/** What is pruned and trained: the cleaned original, or the same with its BN put back. */
export const workingFile = (files: Layout, { reinserted = 0 }: Pick<Imported, 'reinserted'>): string =>
  reinserted > 0 ? files.working : files.original

/**
 * Reads and cleans the model, finds the normalisation, writes `original.onnx` (what every figure compares to) and
 * `working.onnx` (the same with its BN put back, where that is due), and keeps a copy of the file as given, so that the
 * project stands alone.
 */
export async function importStage({ request, files, job }: RunScene): Promise<Imported> {
  const { bytes, whole, given, network: cleaned } = await loadModel(request.model)
  const data = await resolveData(request.model, request.data, request.normalize)
  if (data.note) job.note('info', data.note)
  if (beforeFinalActivation(cleaned).outputs.length !== 1)
    throw fail(
      'input',
      'outputs-many',
      `${request.model} has ${cleaned.outputs.length} outputs; run works on classifiers with one.`,
      'lupine prune --keep works on any network.',
    )
  const network = { ...cleaned, metadata: { ...cleaned.metadata, [normalizeKey]: data.normalize } }
  await saveOnnx(files.original, network)
  const working = await workingNetwork(network, data.source, request.bn, job, (progress) =>
    job.progress('import', progress),
  )
  if (working.reinserted > 0) await saveOnnx(files.working, working.network)
  // The project stands alone: weights from other files go into the copy.
  await writeAtomically(files.given, whole ? bytes : writeOnnx(given))
  return {
    sha256: hashBytes(bytes),
    data: data.source,
    normalize: data.normalize,
    bytes: bytes.byteLength,
    reinserted: working.reinserted,
    warnings: [],
  }
}
