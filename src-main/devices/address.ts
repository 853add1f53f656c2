import { fail } from '../core/failure'

export type DeviceAddress = { readonly kind: 'local'; readonly threads: number }

const known = 'Use local or local?threads=N.'

/**
 * Reads a DEVICE option. `threads` 0 = the runtime's default.
 * @throws LupineError 'device-address', 'device-unsupported'
 */
export function parseDevice(address: string): DeviceAddress {
  const [name, query = ''] = address.split('?', 2) as [string, string?]
  if (/^(ssh|serial|replay|synthetic):/.test(name))
    throw fail(
      'usage',
      'device-unsupported',
      `Devices of the kind "${name.split(':')[0]}" are not in this version yet (${address}).`,
      known,
    )
  if (name !== 'local') throw fail('usage', 'device-address', `"${address}" is not a device.`, known)
  const options = new URLSearchParams(query)
  for (const key of options.keys())
    if (key !== 'threads') throw fail('usage', 'device-address', `"${address}": local has no option "${key}".`, known)
  const text = options.get('threads')
  const threads = text === null ? 0 : Number(text)
  if (!Number.isInteger(threads) || threads < (text === null ? 0 : 1) || threads > 1024)
    throw fail('usage', 'device-address', `"${address}": threads must be a whole number from 1 on.`, known)
  return { kind: 'local', threads }
}
