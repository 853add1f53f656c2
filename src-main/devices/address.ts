import { fail } from '../core/failure'

/** How a board is measured. */
export interface BoardSettings {
  readonly threads: number
  /** Numbers of the cores that it is measured on; absent: all. */
  readonly cores?: readonly number[]
  /** Its clocks may be pinned while it measures. */
  readonly pin?: boolean
  /** Its own onnxruntime instead of the one that Lupine brings, or its TensorRT. */
  readonly runtime?: 'own' | 'tensorrt'
  /** Of TensorRT; fp32 when absent. */
  readonly precision?: 'fp32' | 'fp16' | 'int8'
  /** What it is saved as. */
  readonly name: string
}

export type DeviceAddress =
  | { readonly kind: 'local'; readonly threads: number }
  | { readonly kind: 'synthetic'; readonly seed: number }
  | { readonly kind: 'replay'; readonly folder: string }
  | (BoardSettings & {
      readonly kind: 'ssh'
      readonly host: string
      /** Absent: what ~/.ssh/config says, else this user, else 22. */
      readonly user?: string
      readonly port?: number
      /** A private key's file. */
      readonly key?: string
      /** An unknown host key: ask about it, or take it. */
      readonly trust: 'ask' | 'new'
    })
  | (BoardSettings & {
      readonly kind: 'serial'
      /** "/dev/ttyUSB0", "COM3". */
      readonly path: string
      readonly baud: number
      readonly user?: string
    })
  | { readonly kind: 'saved'; readonly name: string }

const known =
  'Use local, local?threads=N, ssh://user@host, serial:PORT, synthetic:SEED, replay:DIR or the name of a saved board.'

/**
 * Reads a DEVICE option. `threads` 0 = the runtime's default.
 * @throws LupineError 'device-address', 'device-unsupported'
 */
export function parseDevice(address: string): DeviceAddress {
  const wrong = (why: string) => fail('usage', 'device-address', `"${withoutPassword(address)}"${why}.`, known)
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
  if (kind === 'ssh') return parseSsh(address, wrong)
  if (kind === 'serial') return parseSerial(rest!, wrong)
  const [name, query = ''] = address.split('?', 2) as [string, string?]
  if (name !== 'local') {
    if (/^[\w][\w.@-]*$/.test(address)) return { kind: 'saved', name: address }
    throw wrong(' is not a device')
  }
  const options = new URLSearchParams(query)
  for (const key of options.keys()) if (key !== 'threads') throw wrong(`: local has no option "${key}"`)
  return { kind: 'local', threads: threadsOf(options, wrong) }
}

/** PORT[,BAUD][?user=…]: a port's name may hold anything but "?". */
function parseSerial(rest: string, wrong: Wrong): DeviceAddress {
  const [, path, speed, query = ''] = /^([^?]*?)(?:,(\w*))?(?:\?(.*))?$/s.exec(rest) ?? []
  if (!path) throw wrong(': the port is missing (serial:/dev/ttyUSB0?baud=115200&user=pi)')
  const options = new URLSearchParams(query)
  for (const key of options.keys())
    if (!['baud', 'user', ...boardOptions].includes(key)) throw wrong(`: serial has no option "${key}"`)
  const baud = Number(options.get('baud') ?? speed ?? 115_200)
  if (!Number.isInteger(baud) || baud < 300 || baud > 10_000_000) throw wrong(': baud is a number such as 115200')
  const name = options.get('name') ?? path.replace(/^.*[\\/]/, '').replace(/[^\w.@-]/g, '-')
  const user = options.get('user')
  return { kind: 'serial', path, baud, ...settingsOf(options, name, wrong), ...(user && { user }) }
}

/** Options of every board. */
const boardOptions = ['threads', 'cores', 'pin', 'runtime', 'precision', 'name']

function settingsOf(options: URLSearchParams, name: string, wrong: Wrong): BoardSettings {
  if (!/^[\w][\w.@-]*$/.test(name) || name === 'local') throw wrong(': a name is of letters, digits, ".", "@" and "-"')
  const [pin, runtime, list] = [options.get('pin'), options.get('runtime'), options.get('cores')]
  if (pin !== null && pin !== '1' && pin !== '0') throw wrong(': pin is 1 (clocks may be pinned) or 0')
  if (runtime !== null && runtime !== 'own' && runtime !== 'tensorrt')
    throw wrong(': runtime is own or tensorrt, or left out')
  const precision = options.get('precision')
  if (precision !== null && !(runtime === 'tensorrt' && isPrecision(precision)))
    throw wrong(': precision is fp32, fp16 or int8, for runtime=tensorrt')
  return {
    ...{ name, threads: threadsOf(options, wrong) },
    ...(list !== null && { cores: coresOf(list, wrong) }),
    ...(pin === '1' && { pin: true }),
    ...(runtime && { runtime }),
    ...(precision && isPrecision(precision) && { precision }),
  }
}

const isPrecision = (text: string): text is 'fp32' | 'fp16' | 'int8' => ['fp32', 'fp16', 'int8'].includes(text)

/** "4-7" or "0,2-3", as taskset -c takes them; in order, each once. */
function coresOf(list: string, wrong: Wrong): number[] {
  const cores = new Set<number>()
  for (const part of list.split(',')) {
    const [whole, from, to = from] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part) ?? []
    if (whole === undefined || Number(to) < Number(from) || Number(to) > 1023)
      throw wrong(': cores are numbers and ranges, such as 4-7 or 0,2')
    for (let core = Number(from); core <= Number(to); core++) cores.add(core)
  }
  return [...cores].sort((a, b) => a - b)
}

type Wrong = (why: string) => Error

function threadsOf(options: URLSearchParams, wrong: Wrong): number {
  const text = options.get('threads')
  const threads = text === null ? 0 : Number(text)
  if (!Number.isInteger(threads) || threads < (text === null ? 0 : 1) || threads > 1024)
    throw wrong(': threads must be a whole number from 1 on')
  return threads
}

/** A password within an address is shown to nobody. */
const withoutPassword = (address: string): string => address.replace(/^(\w+:\/\/[^/@:]*):[^@]*@/, '$1:…@')

function parseSsh(address: string, wrong: Wrong): DeviceAddress {
  if (!URL.canParse(address)) throw wrong(' is not an address: ssh://user@host:port?key=FILE&trust=new&threads=N')
  const url = new URL(address)
  if (url.password)
    throw wrong(': passwords have no place in an address. Set LUPINE_PASSWORD, use a key, or wait for the prompt')
  const host = decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1')
  if (!host) throw wrong(': the host is missing')
  if (url.pathname.replace(/^\/$/, '') || url.hash) throw wrong(': behind the host only a port and options may stand')
  const options = url.searchParams
  for (const key of options.keys())
    if (!['key', 'trust', ...boardOptions].includes(key)) throw wrong(`: ssh has no option "${key}"`)
  const trust = options.get('trust') ?? 'ask'
  if (trust !== 'ask' && trust !== 'new') throw wrong(': trust is ask or new')
  const name =
    options.get('name') ?? `${host}${url.port && url.port !== '22' ? `-${url.port}` : ''}`.replaceAll(':', '-')
  const [user, port, key] = [decodeURIComponent(url.username), Number(url.port), options.get('key')]
  return {
    ...{ kind: 'ssh', host, trust, ...settingsOf(options, name, wrong) },
    ...(user && { user }),
    ...(port > 0 && { port }),
    ...(key && { key }),
  }
}
