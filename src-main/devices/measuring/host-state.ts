import { readFile, readdir } from 'node:fs/promises'
import { cpus, freemem, loadavg } from 'node:os'

const read = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  )

/** Clocks, governor, temperatures and load of this computer; what a platform does not tell is left out. */
export async function hostState(): Promise<Record<string, unknown>> {
  const cpu = '/sys/devices/system/cpu/cpu0/cpufreq'
  const governor = await read(`${cpu}/scaling_governor`)
  const clock = Number(await read(`${cpu}/scaling_cur_freq`))
  const zones = await readdir('/sys/class/thermal').catch(() => [] as string[])
  const temperatures: number[] = []
  for (const zone of zones.filter((name) => name.startsWith('thermal_zone'))) {
    const value = Number(await read(`/sys/class/thermal/${zone}/temp`))
    if (value > 0) temperatures.push(value / 1000)
  }
  return {
    load: loadavg()[0],
    freeMemory: freemem(),
    clockMHz: clock > 0 ? clock / 1000 : cpus()[0]?.speed,
    ...(governor ? { governor } : {}),
    ...(temperatures.length > 0 ? { temperatures } : {}),
  }
}
