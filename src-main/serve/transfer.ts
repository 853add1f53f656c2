import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { downloadPath, fileId, uploadPath } from '../contract'
import { pageHeaders } from '../contract/page'
import { fail, toFailure } from '../core/failure'
import type { Windows } from '../program/program'

/** Whether a request is an upload or a download; the guard has let it in. */
export const isTransfer = (path: string): boolean => path === uploadPath || path.startsWith(downloadPath)

/** Answers with JSON: an entry of the upload, or `{ failure }`. A download answers with the file itself. */
export async function transfer(windows: Windows, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const url = new URL(request.url ?? '/', 'http://here')
    if (url.pathname === uploadPath) await upload(windows, url.searchParams, request, response)
    else await download(windows, url.pathname.slice(downloadPath.length), request, response)
  } catch (error) {
    const failure = toFailure(error)
    if (response.headersSent) return void response.destroy()
    // What is still coming of the upload is not waited for.
    json(response, failure.kind === 'work' ? 500 : 400, { failure }, { connection: 'close' })
    request.unpipe().resume()
  }
}

async function upload(windows: Windows, query: URLSearchParams, request: IncomingMessage, response: ServerResponse) {
  if (request.method !== 'POST') throw fail('usage', 'post-only', 'Uploads are POSTed.', 'See contract/files.ts.')
  const [name, batch] = [query.get('name') ?? '', query.get('batch') ?? '']
  const entry = await windows.upload({ name, batch, body: request as AsyncIterable<Uint8Array> })
  json(response, 200, { entry })
}

/** @throws LupineError as FileRegistry.reach; input 'file-missing' */
async function download(windows: Windows, id: string, request: IncomingMessage, response: ServerResponse) {
  const decoded = decodeURIComponent(id)
  if (!fileId.safeParse(decoded).success)
    throw fail('usage', 'file-unknown', 'This is not the id of a file.', 'Ids come from files.list.')
  const { real, path } = await windows.reach(decoded)
  const found = await stat(real)
  if (!found.isFile()) throw fail('input', 'file-missing', 'Only files can be downloaded.', 'Pick one.')
  const name = path.split(/[\\/]/).at(-1) ?? 'file'
  response.writeHead(200, {
    ...pageHeaders,
    'content-type': 'application/octet-stream',
    'content-length': found.size,
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
  })
  if (request.method === 'HEAD') return void response.end()
  await pipeline(createReadStream(real), response)
}

function json(response: ServerResponse, status: number, value: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { ...pageHeaders, ...headers, 'content-type': 'application/json; charset=utf-8' })
  response.end(`${JSON.stringify(value)}\n`)
}
