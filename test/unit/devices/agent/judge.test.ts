import { describe, expect, it } from 'vitest'
import { disturbance, judgeBoard, olderThan, powerMode } from '../../../../src-main/devices/agent/judge'
import { boardFacts, type BoardState } from '../../../../src-main/devices/agent/protocol'
import { boards } from './boards'

const warnings = (name: keyof typeof boards): string => {
  const verdict = judgeBoard(boards[name])
  return verdict.runs ? verdict.warnings.join('; ') : verdict.code
}

describe('a board', () => {
  it.each(Object.entries(boards))('%s has facts of the protocol', (_, facts) => {
    expect(boardFacts.parse(facts)).toEqual(facts)
  })

  it.each(['pi4', 'zero2', 'pi3', 'pi5', 'xavier', 'orin', 'emulated'] as const)('%s runs onnxruntime', (name) => {
    expect(judgeBoard(boards[name])).toMatchObject({ runs: true, library: 'arm64' })
  })

  it.each([
    ['pi4with32bit', 'board-32-bit', /programs are 32-bit \(aarch64 kernel/, /64-bit edition/],
    ['piOsStretch', 'board-python', /Python is 3.5.3/, /3.6 or newer/],
    ['nano', 'board-glibc', /Ubuntu 18.04.6 LTS has glibc 2.27/, /JetPack 5.*JetPack 4 has 2.27/],
    ['alpine', 'board-libc', /built on musl/, /Debian/],
    ['python35', 'board-python', /Python is 3.5.10/, /3.6 or newer/],
    ['withoutCxx', 'board-libstdcxx', /no libstdc\+\+/, /libstdc\+\+6/],
    ['riscv', 'board-architecture', /riscv64/, /aarch64/],
  ] as const)('%s does not: %s', (name, code, why, hint) => {
    expect(judgeBoard(boards[name])).toEqual({
      ...{ runs: false, code },
      ...{ why: expect.stringMatching(why), hint: expect.stringMatching(hint) },
    })
  })

  it('runs its own onnxruntime where it is told to, or nothing else can run', () => {
    const own = { path: '/usr/lib/libonnxruntime.so.1', version: '1.17.0' }
    expect(judgeBoard({ ...boards.alpine, own })).toMatchObject({
      ...{
        runs: true,
        library: 'own',
        warnings: expect.arrayContaining([expect.stringMatching(/own onnxruntime 1.17.0 is used, since .*musl/)]),
      },
    })
    expect(judgeBoard({ ...boards.pi4, own })).toMatchObject({ library: 'arm64' })
    expect(judgeBoard({ ...boards.pi4, own }, 'own')).toMatchObject({ library: 'own' })
    expect(judgeBoard(boards.pi4, 'own')).toMatchObject({ runs: false, code: 'board-own-runtime' })
    expect(judgeBoard({ ...boards.python35, own })).toMatchObject({ runs: false, code: 'board-python' })
  })

  it('is warned about: governor, voltage, throttling, heat, memory, cores', () => {
    expect(warnings('emulated')).toBe('')
    expect(warnings('orin')).toBe('')
    expect(warnings('pi4')).toMatch(/^its clock is governed by ondemand/)
    expect(warnings('zero2')).toMatch(/short of supply voltage.*throttling.*voltage has been too low.*only 114 MB/)
    expect(warnings('pi3')).toMatch(/soft temperature limit.*it has throttled since/)
    expect(warnings('pi5')).toBe('it is 78 °C warm: it may throttle while it is measured')
    expect(warnings('xavier')).toMatch(/schedutil.*only 2 of its 4 cores/)
  })

  it('has a power mode', () => {
    expect(powerMode(boards.xavier)).toBe('MODE_15W_2CORE')
    expect(powerMode(boards.pi4)).toBe('ondemand')
    expect(powerMode(boards.emulated)).toBe('unknown')
  })

  it('has versions compared by their numbers', () => {
    expect([olderThan('2.9', '2.28'), olderThan('2.28', '2.28'), olderThan('2.36', '2.28')]).toEqual([
      true,
      false,
      false,
    ])
    expect([olderThan('3.4.9', '3.4.22'), olderThan('3.10.0', '3.6')]).toEqual([true, false])
  })
})

describe('a block', () => {
  const { state } = boards.orin
  const { state: breathing } = boards.pi4
  const at = (from: BoardState, kHz: number): BoardState => ({
    ...from,
    policies: from.policies.map((p) => ({ ...p, kHz })),
  })

  it('counts while nothing happened to the board', () => {
    expect(disturbance(state, state)).toBeUndefined()
    expect(disturbance(state, at(state, 1_490_000))).toBeUndefined()
    // A clock that nobody holds follows the load.
    expect(disturbance(breathing, at(breathing, 1_800_000))).toBeUndefined()
    // It throttled long ago.
    expect(disturbance({ ...state, throttled: 0x40000 }, { ...state, throttled: 0x40000 })).toBeUndefined()
  })

  it('is thrown away when the board throttled, lacked voltage, or its held clock moved', () => {
    expect(disturbance(state, { ...state, throttled: 0x4 })).toBe('the board was throttling')
    expect(disturbance({ ...state, throttled: 0x10000 }, { ...state, throttled: 0x50000 })).toMatch(/throttled or/)
    expect(disturbance(state, { ...state, undervoltage: true })).toMatch(/supply voltage/)
    expect(disturbance(state, at(state, 1_000_000))).toBe('its clock went from 1500 to 1000 MHz')
  })
})
