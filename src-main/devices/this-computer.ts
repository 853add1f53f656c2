import { readFile } from 'node:fs/promises'
import { arch, availableParallelism, cpus, freemem, release, totalmem, type as osType } from 'node:os'
import { hostState } from './measuring/host-state'

/** This computer as a device. */
export interface ThisComputer {
  readonly address: 'local'
  readonly cpu: string
  readonly arch: string
  /** Hardware threads there are, and those that this process may use. */
  readonly cores: { readonly all: number; readonly usable: number }
  /** Bytes. */
  readonly memory: { readonly total: number; readonly free: number }
  readonly os: string
  /** Of the clock, where the system tells: "performance", "powersave", … */
  readonly governor?: string
}

export async function thisComputer(): Promise<ThisComputer> {
  const { governor } = await hostState()
  return {
    address: 'local',
    cpu: cpus()[0]?.model.trim() || 'unknown',
    arch: arch(),
    cores: { all: cpus().length, usable: availableParallelism() },
    memory: { total: totalmem(), free: freemem() },
    os: await osName(),
    ...(typeof governor === 'string' && { governor }),
  }
}

/** "Debian GNU/Linux 12 (bookworm), Linux 6.1.0"; elsewhere the kernel's name alone. */
async function osName(): Promise<string> {
  const kernel = `${osType()} ${release()}`
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const name = /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(text)?.[1]
  return name ? `${name}, ${kernel}` : kernel
}
