import { readdir, readFile, readlink, realpath } from 'node:fs/promises'
import { basename } from 'node:path'
import type { LupineError } from '../../../core/failure'
import { portBusy, portInUse } from './serial-errors'

/** What of this program has which port, by the port's real path: a line has one owner. */
const ours = new Map<string, string>()

/**
 * Takes a port for one user of this program; nothing is opened yet.
 * @param purpose as it stands in "/dev/ttyUSB0 is held by …"
 * @returns the function that gives it back
 * @throws LupineError 'port-busy' naming whoever has it, here or in another program
 */
export async function claimPort(path: string, purpose: string): Promise<() => void> {
  const real = await realpath(path).catch(() => path)
  const refusal = inUse(path, real)
  if (refusal) throw refusal
  // From here on nobody else of this program gets it, also while other programs are looked for.
  ours.set(real, purpose)
  let held = true
  const giveBack = (): void => {
    if (held) ours.delete(real)
    held = false
  }
  const holder = await holderOf(path, real).catch(() => undefined)
  if (!holder) return giveBack
  giveBack()
  throw portBusy(path, holder)
}

function inUse(path: string, real: string): LupineError | undefined {
  const purpose = ours.get(real)
  return purpose === undefined ? undefined : portInUse(path, purpose)
}

/** Another program that has the port open, as far as this user may see: "screen (pid 4711)". */
async function holderOf(path: string, target: string): Promise<string | undefined> {
  // Modem programs and terminals of old leave a file with their process's number.
  const lock = await readFile(`/var/lock/LCK..${basename(path)}`, 'utf8').catch(() => '')
  const noted = Number.parseInt(lock, 10)
  const known = noted > 0 && noted !== process.pid ? await nameOf(noted) : undefined
  if (known) return known
  const processes = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  for (const pid of processes) {
    if (Number(pid) === process.pid) continue
    const files = await readdir(`/proc/${pid}/fd`).catch(() => [])
    for (const fd of files)
      if ((await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')) === target) return nameOf(Number(pid))
  }
  return undefined
}

async function nameOf(pid: number): Promise<string | undefined> {
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => undefined)
  return name && `${name.trim()} (pid ${pid})`
}
