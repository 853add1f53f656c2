import { downloadPath, fileEntry, uploadPath, type FileEntry } from '../../src-main/contract'
import { failureSchema } from '../../src-main/contract/failure'
import type { Failure, Result } from '../../src-main/core/failure'

/**
 * Files that were dropped on the page, as entries the program knows: in Electron where they lie, in a browser uploaded,
 * all to one folder, so that a model finds its external data.
 */
export async function takeFiles(
  files: readonly File[],
  onProgress: (done: number, of: number) => void = () => undefined,
): Promise<Result<FileEntry[]>> {
  if (window.lupine) {
    const entries = fileEntry.array().safeParse(await window.lupine.take(files))
    return entries.success ? { ok: true, value: entries.data } : { ok: false, failure: notTaken }
  }
  const batch = crypto.randomUUID()
  const taken: FileEntry[] = []
  for (const file of files) {
    onProgress(taken.length, files.length)
    const result = await upload(file, batch)
    if (!result.ok) return result
    taken.push(result.value)
  }
  return { ok: true, value: taken }
}

async function upload(file: File, batch: string): Promise<Result<FileEntry>> {
  try {
    const query = new URLSearchParams({ name: file.name, batch })
    const answer = await fetch(`${uploadPath}?${query.toString()}`, { method: 'POST', body: file })
    const content = (await answer.json()) as { entry?: unknown; failure?: unknown }
    const entry = fileEntry.safeParse(content.entry)
    if (entry.success) return { ok: true, value: entry.data }
    const failure = failureSchema.safeParse(content.failure)
    return { ok: false, failure: failure.success ? failure.data : notTaken }
  } catch {
    return { ok: false, failure: notTaken }
  }
}

/** Where a browser gets a file from: the `href` of a link with `download`. In Electron files are copied instead. */
export const downloadAddress = (entry: FileEntry): string => `${downloadPath}${encodeURIComponent(entry.id)}`

const notTaken: Failure = {
  kind: 'work',
  code: 'file-not-taken',
  message: 'The file did not arrive at the program.',
  hint: 'Check the connection, and try again.',
}
