type Fields = Readonly<Record<string, unknown>>

/**
 * What a device told of itself, under the names people read: agents tell clocks per group of cores, temperatures per
 * zone and a Pi's throttle bits, this computer one clock and its temperatures. What else was told stays as it is.
 * @returns clocks (MHz), temperatures (°C), governor, freeMemory (bytes), throttled (now): each only where it was told
 */
export function plainState(told: Fields): Record<string, unknown> {
  const { policies, thermal, clockMHz, availableMemory, throttled, undervoltage, ...rest } = told
  const clocks =
    policies === undefined ? [clockMHz].filter(Number) : of(policies, 'kHz').map((kHz) => Number(kHz) / 1000)
  const temperatures = of(thermal, 'celsius')
  const governor = [...new Set(of(policies, 'governor'))].join(', ')
  return {
    ...rest,
    ...(clocks.length > 0 && { clocks }),
    ...(governor && { governor }),
    ...(temperatures.length > 0 && { temperatures }),
    ...(availableMemory !== undefined && { freeMemory: availableMemory }),
    // Bits 0 to 3 are of now, the others of the time since it was started.
    ...(throttled !== undefined && { throttled: typeof throttled === 'number' ? (throttled & 0xf) !== 0 : throttled }),
    ...(undervoltage === true && { throttled: true }),
  }
}

const of = (list: unknown, field: string): unknown[] =>
  (Array.isArray(list) ? (list as Fields[]) : []).flatMap((one) => one[field] ?? [])
