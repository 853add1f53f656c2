import { z } from 'zod'
import { fail } from '../../core/failure'
import { shownName } from '../../core/text'
import { readPart } from '../../projects/contents'
import { readProject } from '../../projects/project'
import type { FileRegistry } from './registry'

const text = z.string().optional()
const stored = z.object({
  request: z.object({ data: text, holdout: text, device: text, model: text }),
})
const imported = z.object({ result: z.object({ data: z.object({ address: z.string() }) }) })

/**
 * Going on with a run reads what its project names: in one that was tampered with, that may be anything. What a window
 * could not have picked, its projects may not name either.
 * @throws LupineError input 'project-leads-outside'; as readProject
 */
export async function checkProjectPaths(registry: FileRegistry, folder: string): Promise<void> {
  const { files, about } = await readProject(folder)
  const request = stored.safeParse(about.request).data?.request ?? {}
  const before = (await readPart(files, files.stage('import'), imported).catch(() => undefined))?.result
  const named = [
    // Once imported, the project has its own copy.
    ...(before ? [] : [request.model]),
    ...[request.data, request.holdout, before?.data.address].map((address) => address && pathOfData(address)),
    request.device && pathOfDevice(request.device),
  ]
  for (const path of named) {
    if (!path) continue
    const inside = await registry.reachPath(path, true).catch(() => undefined)
    if (!inside)
      throw fail(
        'input',
        'project-leads-outside',
        `${folder} names ${shownName(path)}, which is outside of what may be reached from the window.`,
        'If the project is yours, start the server with --root for that folder too, or resume on the command line.',
      )
  }
}

const pathOfData = (address: string): string | undefined => /^\w+:(.*)$/s.exec(address)?.[1]

function pathOfDevice(address: string): string | undefined {
  const replay = /^replay:(.*)$/s.exec(address)
  if (replay) return replay[1]
  return URL.canParse(address) ? (new URL(address).searchParams.get('key') ?? undefined) : undefined
}
