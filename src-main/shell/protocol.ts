import { protocol } from 'electron'
import { pageHeaders } from '../contract/page'
import { readPageFile } from '../serve/page'
import { isOwnPage, pageScheme } from './origin'

/** Before the app is ready: `standard` gives the page an origin, `secure` a clipboard. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: pageScheme, privileges: { standard: true, secure: true } }])
}

/** Serves the built page from `folder` at app://lupine/. */
export function servePage(folder: string): void {
  protocol.handle(pageScheme, (request) => answerPage(folder, request))
}

/** The answer to one request: a file of the page with serve's headers, or nothing. */
export async function answerPage(folder: string, request: Pick<Request, 'method' | 'url'>): Promise<Response> {
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  const file = isRead && isOwnPage(request.url) ? await readPageFile(folder, new URL(request.url).pathname) : undefined
  if (!file) return new Response('There is nothing here.\n', { status: 404, headers: pageHeaders })
  return new Response(new Uint8Array(file.body), { headers: { ...pageHeaders, 'content-type': file.type } })
}
