/** The page's address in the window. A scheme of its own, because file:// pages may read other files. */
export const pageScheme = 'app'
export const pageOrigin = `${pageScheme}://lupine`
export const pageUrl = `${pageOrigin}/`

/** Whether an address belongs to our own page. Compared by parts: "app://lupine.evil" begins like ours. */
export function isOwnPage(address: string | undefined): boolean {
  if (!address || !URL.canParse(address)) return false
  const { protocol, host, username, password } = new URL(address)
  return protocol === `${pageScheme}:` && host === 'lupine' && username === '' && password === ''
}
