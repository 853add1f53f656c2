import type { Session } from 'electron'
import { isOwnPage } from './origin'

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
}

/** An offline lock below the CSP: only app:// and the page's own data: images, and the developer tools' own files. */
export const mayRequest = (address: string): boolean => isOwnPage(address) || /^(data|devtools):/.test(address)
