import type { BoardFacts, BoardState } from '../../../../src-main/devices/agent/protocol'

const policy = (governor: string, kHz: number, maxKHz = kHz): BoardState['policies'][number] => ({
  ...{ cpus: '0 1 2 3', governor, kHz, minKHz: 600_000, maxKHz },
})

const calm: BoardState = { load: 0.1, availableMemory: 3e9, policies: [policy('performance', 1_500_000)], thermal: [] }

const core = (part: string, maxKHz: number | null = null) => ({ part, implementer: '0x41', maxKHz })

const pi4: BoardFacts = {
  model: 'Raspberry Pi 4 Model B Rev 1.4',
  hostname: 'raspberrypi',
  arch: 'aarch64',
  bits: 64,
  byteOrder: 'little',
  kernel: '6.6.31+rpt-rpi-v8',
  python: '3.11.2',
  os: { id: 'debian', name: 'Debian GNU/Linux 12 (bookworm)', version: '12' },
  libc: { name: 'glibc', version: '2.36' },
  libstdcxx: '3.4.30',
  cores: Array.from({ length: 4 }, () => core('0xd08', 1_800_000)),
  usable: 4,
  memory: { total: 4e9, available: 3.5e9 },
  disk: { folder: '/home/pi/.cache/lupine', free: 20e9 },
  jetson: null,
  runtimes: {},
  own: null,
  state: { ...calm, throttled: 0, policies: [policy('ondemand', 600_000, 1_800_000)] },
}

const jetson = (release: string, powerMode: string) => ({ release, powerMode })

/** Facts of boards, as their agents would tell them. Written after the boards' documentation, but for `emulated`. */
export const boards = {
  pi4,
  zero2: {
    ...pi4,
    model: 'Raspberry Pi Zero 2 W Rev 1.0',
    cores: Array.from({ length: 4 }, () => core('0xd03', 1_000_000)),
    memory: { total: 436e6, available: 120e6 },
    state: { ...calm, throttled: 0x50005, policies: [policy('ondemand', 600_000, 1_000_000)] },
  },
  pi3: { ...pi4, model: 'Raspberry Pi 3 Model B Plus Rev 1.3', state: { ...calm, throttled: 0x80008 } },
  pi5: {
    ...pi4,
    model: 'Raspberry Pi 5 Model B Rev 1.0',
    state: { ...calm, undervoltage: false, thermal: [{ type: 'cpu-thermal', celsius: 78.2 }] },
  },
  /** Raspberry Pi OS (32-bit) runs under a 64-bit kernel. */
  pi4with32bit: { ...pi4, bits: 32 },
  piOsStretch: { ...pi4, arch: 'armv7l', bits: 32, libc: { name: 'glibc', version: '2.24' }, python: '3.5.3' },
  nano: {
    ...pi4,
    model: 'NVIDIA Jetson Nano Developer Kit',
    python: '3.6.9',
    os: { id: 'ubuntu', name: 'Ubuntu 18.04.6 LTS', version: '18.04' },
    libc: { name: 'glibc', version: '2.27' },
    libstdcxx: '3.4.25',
    jetson: jetson('# R32 (release), REVISION: 7.1', 'NV Power Mode: MAXN\n0'),
  },
  xavier: {
    ...pi4,
    model: 'NVIDIA Jetson Xavier NX Developer Kit',
    python: '3.8.10',
    os: { id: 'ubuntu', name: 'Ubuntu 20.04.6 LTS', version: '20.04' },
    libc: { name: 'glibc', version: '2.31' },
    libstdcxx: '3.4.28',
    usable: 2,
    jetson: jetson('# R35 (release), REVISION: 4.1', 'NV Power Mode: MODE_15W_2CORE\n0'),
    state: { ...calm, policies: [policy('schedutil', 1_190_400, 1_907_200)] },
    runtimes: { tensorrt: '8.5.2.2', trtexec: '/usr/src/tensorrt/bin/trtexec' },
  },
  orin: {
    ...pi4,
    model: 'NVIDIA Jetson Orin Nano Developer Kit',
    python: '3.10.12',
    os: { id: 'ubuntu', name: 'Ubuntu 22.04.4 LTS', version: '22.04' },
    libc: { name: 'glibc', version: '2.35' },
    jetson: jetson('# R36 (release), REVISION: 3.0', 'NV Power Mode: 15W\n0'),
    state: calm,
  },
  alpine: {
    ...pi4,
    os: { id: 'alpine', name: 'Alpine Linux v3.20', version: '3.20.1' },
    libc: { name: 'musl', version: '' },
  },
  python35: { ...pi4, python: '3.5.10' },
  withoutCxx: { ...pi4, libstdcxx: null },
  riscv: { ...pi4, arch: 'riscv64' },
  emulated: { ...pi4, model: 'linux,dummy-virt', state: { ...calm, policies: [] } },
} satisfies Record<string, BoardFacts>
