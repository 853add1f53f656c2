import type { Session } from 'electron'
import { isOwnPage, pageUrl } from './origin'

/** What the page may do besides drawing itself. Everything else that Chromium knows is denied. */
export const allowedPermissions: ReadonlySet<string> = new Set([
  // "Copy details", "Copy table": writes plain text after a click; reading the clipboard stays denied.
  'clipboard-sanitized-write',
])

export const isAllowed = (permission: string, address: string | undefined): boolean =>
  allowedPermissions.has(permission) && isOwnPage(address)

/** Installs the list; Chromium asks through several doors. */
export function restrictPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, answer, details) =>
    answer(isAllowed(permission, details.requestingUrl)),
  )
  session.setPermissionCheckHandler((_contents, permission, origin) => isAllowed(permission, origin))
  session.setDevicePermissionHandler(() => false)
  // The page needs no request but its own files; serial ports and boards are the program's business.
  session.webRequest.onBeforeRequest((details, answer) => answer({ cancel: !mayRequest(details.url) }))
  // What the page saves (a table, a chart, a report) it has made itself.
  session.on('will-download', (event, item) => {
    if (!mayRequest(item.getURL())) event.preventDefault()
  })
}

/** An offline lock below the CSP: only app:// and what the page made itself, and the developer tools' own files. */
export const mayRequest = (address: string): boolean =>
  isOwnPage(address) || /^(data|devtools):/.test(address) || address.startsWith(`blob:${pageUrl}`)
