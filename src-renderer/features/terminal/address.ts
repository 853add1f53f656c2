/** Rates that lines are usually set to. */
export const rates: readonly number[] = [9600, 19200, 38400, 57600, 115_200, 230_400, 460_800, 921_600, 1_500_000]

const usual = 115_200

/** What a terminal on a device would be; a saved board's name says nothing of its line. */
export function terminalOn(device: string): 'serial' | 'other' | 'none' {
  if (device.startsWith('serial:')) return 'serial'
  return device === '' || /^local(\?|$)|^(synthetic|replay):/.test(device) ? 'none' : 'other'
}

/** The rate in a serial address, else the usual one. */
export function baudOf(device: string): number {
  const [, short, long] = /^serial:[^?]*?(?:,(\d+))?(?:\?(?:.*&)?baud=(\d+).*)?$/.exec(device) ?? []
  return Number(long ?? short ?? usual)
}

/** The address with another rate. */
export function withBaud(device: string, baud: number): string {
  const [, port = device, query = ''] = /^([^?]*?)(?:,\d+)?(?:\?(.*))?$/s.exec(device) ?? []
  const options = query.split('&').filter((option) => option !== '' && !option.startsWith('baud='))
  return `${port}?${[`baud=${baud}`, ...options].join('&')}`
}
