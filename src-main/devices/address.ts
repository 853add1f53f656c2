import { fail } from '../core/failure'

export type DeviceAddress =
  | { readonly kind: 'local'; readonly threads: number }
  | { readonly kind: 'synthetic'; readonly seed: number }
  | { readonly kind: 'replay'; readonly folder: string }

const known = 'Use local, local?threads=N, synthetic:SEED or replay:DIR.'

/**
 * Reads a DEVICE option. `threads` 0 = the runtime's default.
 * @throws LupineError 'device-address', 'device-unsupported'
 */
export function parseDevice(address: string): DeviceAddress {
  const wrong = (why: string) => fail('usage', 'device-address', `"${address}"${why}.`, known)
  const [, kind, rest] = /^([a-z]+):(.*)$/s.exec(address) ?? []
  if (kind === 'synthetic') {
    const seed = /^\d+$/.test(rest!) ? Number(rest) : NaN
    if (!Number.isSafeInteger(seed)) throw wrong(': the seed must be a whole number')
    return { kind, seed }
  }
  if (kind === 'replay') {
    if (!rest) throw wrong(': the folder of a run is missing')
    return { kind, folder: rest }
  }
  if (kind === 'ssh' || kind === 'serial')
    throw fail(
      'usage',
      'device-unsupported',
      `Devices of the kind "${kind}" are not in this version yet (${address}).`,
      known,
    )
  const [name, query = ''] = address.split('?', 2) as [string, string?]
  if (name !== 'local') throw wrong(' is not a device')
  const options = new URLSearchParams(query)
  for (const key of options.keys()) if (key !== 'threads') throw wrong(`: local has no option "${key}"`)
  const text = options.get('threads')
  const threads = text === null ? 0 : Number(text)
  if (!Number.isInteger(threads) || threads < (text === null ? 0 : 1) || threads > 1024)
    throw wrong(': threads must be a whole number from 1 on')
  return { kind: 'local', threads }
}
