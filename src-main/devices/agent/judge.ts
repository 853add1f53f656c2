import type { BoardFacts, BoardState } from './protocol'

/** Which of onnxruntime's libraries a board takes, or why none. */
export type Verdict =
  | { readonly runs: true; readonly library: 'arm64' | 'x64' | 'own'; readonly warnings: readonly string[] }
  | { readonly runs: false; readonly code: string; readonly why: string; readonly hint: string }

/** What libonnxruntime 1.30 is linked against (GLIBCXX 3.4.22 came with GCC 6). */
const needs = { python: '3.6', glibc: '2.28', cxx: '3.4.22', bytes: 64 << 20 }

const libraries: Readonly<Record<string, 'arm64' | 'x64'>> = { aarch64: 'arm64', arm64: 'arm64', x86_64: 'x64' }

/** Is version `a` older than `b`? By numbers: 2.9 is older than 2.28. */
export function olderThan(a: string, b: string): boolean {
  const [x, y] = [a, b].map((version) => version.split('.').map((part) => Number.parseInt(part, 10) || 0))
  for (let i = 0; i < Math.max(x!.length, y!.length); i++) {
    const difference = (x![i] ?? 0) - (y![i] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

/** Python versions that the agent runs on. */
export const pythonTooOld = (version: string): Verdict | undefined =>
  olderThan(version, needs.python)
    ? refuse(
        'board-python',
        `its Python is ${version}`,
        `The agent needs Python ${needs.python} or newer: install a newer one, or a newer system.`,
      )
    : undefined

/**
 * Whether a board can run onnxruntime, and what is to be said about it: the one that Lupine brings, or the board's own
 * where that is asked for or the other cannot run. A pure function.
 */
export function judgeBoard(facts: BoardFacts, wanted?: 'own'): Verdict {
  const verdict = wanted === 'own' ? noOwn : judgeBrought(facts)
  const python = pythonTooOld(facts.python)
  if (verdict.runs || python || !facts.own) return verdict
  const note = `the board's own onnxruntime ${facts.own.version} is used`
  const why = wanted === 'own' ? [] : [`${note}, since ${verdict.why}`]
  return { runs: true, library: 'own', warnings: [...why, ...warningsOf(facts)] }
}

const noOwn: Verdict = {
  ...{ runs: false, code: 'board-own-runtime', why: 'it has no onnxruntime of its own' },
  hint: 'Install it there (python3 -m pip install onnxruntime, or the package libonnxruntime), or leave runtime=own out.',
}

function judgeBrought(facts: BoardFacts): Verdict {
  const { arch, bits, libc, libstdcxx, os } = facts
  const system = os.name || os.id || 'its system'
  const old = pythonTooOld(facts.python)
  if (old) return old
  // `uname -m` says aarch64 under a 64-bit kernel, whatever its programs are.
  if (bits !== 64)
    return refuse(
      'board-32-bit',
      `its programs are ${bits}-bit (${arch} kernel, ${system})`,
      'onnxruntime exists for 64-bit systems only: install the 64-bit edition of its system (Raspberry Pi OS has one).',
    )
  const library = libraries[arch]
  if (!library || facts.byteOrder !== 'little')
    return refuse(
      'board-architecture',
      `its processor is ${arch || 'unknown'}`,
      'Lupine brings onnxruntime for aarch64 and x86_64.',
    )
  if (libc.name !== 'glibc')
    return refuse(
      'board-libc',
      `${system} is built on ${libc.name === 'musl' ? 'musl' : 'an unknown C library'}`,
      'onnxruntime needs glibc: use a Debian, Ubuntu, Fedora or Yocto (glibc) system instead of Alpine or OpenWrt.',
    )
  if (olderThan(libc.version, needs.glibc))
    return refuse(
      'board-glibc',
      `${system} has glibc ${libc.version}`,
      `onnxruntime needs ${needs.glibc} or newer: Debian 10, Ubuntu 20.04, JetPack 5 or later${facts.jetson ? ' (JetPack 4 has 2.27)' : ''}.`,
    )
  if (libstdcxx === null || olderThan(libstdcxx, needs.cxx))
    return refuse(
      'board-libstdcxx',
      libstdcxx === null ? 'it has no libstdc++' : `its libstdc++ is too old (GLIBCXX_${libstdcxx})`,
      'Install libstdc++6 (GCC 6 or newer) on the board.',
    )
  return { runs: true, library, warnings: warningsOf(facts) }
}

const refuse = (code: string, why: string, hint: string): Verdict => ({ runs: false, code, why, hint })

function warningsOf({ state, memory, cores, usable, disk }: BoardFacts): string[] {
  const warnings: string[] = []
  const governors = [...new Set(state.policies.map(({ governor }) => governor))].filter(
    (governor) => governor !== null && governor !== 'performance',
  )
  if (governors.length > 0)
    warnings.push(
      `its clock is governed by ${governors.join(', ')}: times scatter less with the governor "performance" (echo performance | sudo tee /sys/devices/system/cpu/cpufreq/policy*/scaling_governor)`,
    )
  warnings.push(...troubles(state).map((trouble) => `it is ${trouble}`))
  const past = (state.throttled ?? 0) >> 16
  if (past & 1) warnings.push('its supply voltage has been too low since it was started: use a stronger power supply')
  if (past & 0b1110) warnings.push('it has throttled since it was started: cool it')
  const hottest = Math.max(...state.thermal.map(({ celsius }) => celsius))
  if (hottest >= 75) warnings.push(`it is ${Math.round(hottest)} °C warm: it may throttle while it is measured`)
  if (memory.available > 0 && memory.available < 2 * needs.bytes)
    warnings.push(`it has only ${Math.round(memory.available / 2 ** 20)} MB of memory left`)
  if (disk.free < needs.bytes) warnings.push(`only ${Math.round(disk.free / 2 ** 20)} MB are free in ${disk.folder}`)
  if (usable < cores.length) warnings.push(`only ${usable} of its ${cores.length} cores may be used`)
  return warnings
}

/** What holds a board back at this moment: a measurement taken meanwhile is of the trouble, not of the board. */
export function troubles({ throttled = 0, undervoltage }: BoardState): string[] {
  const found: string[] = []
  if (throttled & 1 || undervoltage) found.push('short of supply voltage (a stronger power supply helps)')
  if (throttled & 0b0010) found.push('capping its clock')
  if (throttled & 0b0100) found.push('throttling')
  if (throttled & 0b1000) found.push('at its soft temperature limit (cool it)')
  return found
}

/** Clocks that moved by more than this spoil a measurement. */
const clockTolerance = 0.02

/**
 * Why a block measured between two states should be thrown away; undefined where nothing speaks against it. Clocks only
 * count where they are held (governor performance or userspace, or equal limits): others breathe with the load.
 */
export function disturbance(before: BoardState, after: BoardState): string | undefined {
  const [trouble] = [...troubles(before), ...troubles(after)]
  if (trouble) return `the board was ${trouble}`
  const since = ((after.throttled ?? 0) & ~(before.throttled ?? 0)) >> 16
  if (since & 0b1111) return 'the board throttled or was short of supply voltage meanwhile'
  for (const [i, policy] of before.policies.entries()) {
    const later = after.policies[i]
    if (!later || policy.kHz === null || later.kHz === null) continue
    const held = policy.governor === 'performance' || policy.governor === 'userspace' || policy.minKHz === policy.maxKHz
    if (held && Math.abs(later.kHz - policy.kHz) > clockTolerance * policy.kHz)
      return `its clock went from ${policy.kHz / 1000} to ${later.kHz / 1000} MHz`
  }
  return undefined
}

/** One word for how the board's power is set, for the device key: nvpmodel's mode, or the governors. */
export function powerMode({ jetson, state }: BoardFacts): string {
  const mode = /NV Power Mode\s*:?\s*(\S+)/i.exec(jetson?.powerMode ?? '')?.[1]
  const governors = [...new Set(state.policies.map(({ governor }) => governor ?? 'unknown'))].join('+')
  return mode ?? (governors || 'unknown')
}
