import { join } from 'node:path'
import type { CallResult, RunRequest } from '../../contract'
import { fail } from '../../core/failure'
import { writeAtomically } from '../../formats/onnx/files'
import { readLayerTimes } from '../layer-times'
import { readProject } from '../../projects/project'
import { candidatesOf, planOf, provenanceOf, resultOf } from '../projects/parts'
import { version } from '../version'
import { reportPage } from './page'

/**
 * `report DIR`: what a run came to, as one HTML file that needs nothing else: no script, no network, nothing from outside.
 * @throws LupineError 'project-missing', …; input 'run-unfinished'; work 'not-written'
 */
export async function reportProject({
  dir,
  out,
}: {
  dir: string
  out?: string | undefined
}): Promise<CallResult<'projects.report'>> {
  const { files, about } = await readProject(dir)
  const { result } = await resultOf(files)
  if (!result) {
    const message = `${files.root} has not come to a result yet.`
    throw fail('input', 'run-unfinished', message, `Finish it first: lupine resume ${dir}`)
  }
  const { request } = about.request as { request: RunRequest }
  const [{ candidates }, { plan }, { provenance }, layers] = await Promise.all([
    candidatesOf(files, { from: 0, most: 100_000 }),
    planOf(files),
    provenanceOf(files),
    readLayerTimes(files),
  ])
  const facts = { kind: about.kind, created: about.created, request, result, candidates, plan, provenance, layers }
  const page = reportPage({ ...facts, version, folder: files.root })
  const path = out ?? join(files.root, 'report.html')
  await writeAtomically(path, page)
  return { report: path, bytes: Buffer.byteLength(page) }
}
