import { fail, type LupineError } from '../../core/failure'
import type { Refusal } from './protocol'

export const transferDamaged = (place: string, why: string): LupineError =>
  fail(
    'device',
    'transfer-damaged',
    `A file did not arrive whole on ${place}: ${why}.`,
    'Run again; if it happens twice, look at the cable and the disk of the board.',
  )

/** @param ms for how long the board has said nothing */
export const silent = (place: string, ms: number): LupineError =>
  fail(
    'device',
    'device-silent',
    `${place} has not answered for ${Math.round(ms / 1000)} s.`,
    'It may be overloaded, frozen or cut off: look at its power and network, then run again.',
  )

export const noTrtexec = (place: string): LupineError =>
  fail(
    'device',
    'board-no-trtexec',
    `${place} has no trtexec.`,
    'It comes with TensorRT (/usr/src/tensorrt/bin on a Jetson: sudo apt install tensorrt); leave runtime=tensorrt out to measure with onnxruntime.',
  )

export const libraryAbsent = (place: string, bytes: number): LupineError =>
  fail(
    'device',
    'library-absent',
    `onnxruntime is not on the board at ${place} yet, and its ${Math.round(bytes / 1e6)} MB would take most of an hour over a serial line.`,
    'Measure it once over ssh (lupine profile MODEL --device ssh://USER@BOARD), which leaves it there, or install onnxruntime on the board.',
  )

/** How a worker died, by its signal, and what helps. */
const deaths: Readonly<Record<number, readonly [why: string, hint: string]>> = {
  4: ['its processor lacks an instruction that onnxruntime uses', 'This board cannot run this onnxruntime.'],
  7: ['a file it had loaded went away beneath it (SIGBUS)', 'Look at the disk of the board, then run again.'],
  9: [
    'it was killed, most likely for want of memory (SIGKILL)',
    'Free memory on the board, add swap, or take a smaller network.',
  ],
  11: ['onnxruntime crashed (SIGSEGV)', 'Run again; if it happens again, try another network and report it.'],
}

/** What an agent says it cannot do, as a failure with its way out. */
export function refused(place: string, { code, message, signal = 0, tail = '' }: Refusal): LupineError {
  const said = message.slice(0, 400)
  switch (code) {
    case 'disk-full':
      return fail(
        'device',
        'board-disk-full',
        `The disk of ${place} is full: ${said}.`,
        'Free about 60 MB there (df -h shows where), then run again.',
      )
    case 'read-only':
      return fail(
        'device',
        'board-read-only',
        `${place} has no folder that Lupine may write and load libraries from: ${said}.`,
        'Make ~/.cache writable, or one of /var/tmp, /tmp, /dev/shm (not mounted noexec).',
      )
    case 'corrupt':
    case 'cut-off':
      return transferDamaged(place, said)
    case 'model-refused':
    case 'runtime-failed':
      return fail(
        'input',
        'onnxruntime-refused',
        `onnxruntime on ${place} cannot run the model: ${said}`,
        'The model uses operators or types that onnxruntime lacks; export it again with standard ONNX operators.',
      )
    case 'not-pinned':
      return fail(
        'device',
        'clocks-not-pinned',
        `The clocks of ${place} may not be pinned by this user: ${said}.`,
        'Log in as root, allow sudo without a password there, or leave pin=1 out.',
      )
    case 'cores':
      return fail(
        'device',
        'device-cores',
        `${place} gives the agent no such cores: ${said}.`,
        'lscpu -e on the board lists them; a container may have fewer.',
      )
    case 'library-unusable':
      return fail(
        'device',
        'library-unusable',
        `${place} cannot load onnxruntime: ${said}.`,
        'Is its system complete (glibc 2.28, libstdc++6), and its cache folder not mounted noexec?',
      )
    case 'memory':
      return fail('device', 'board-memory', `${place} has not enough memory: ${said}.`, deaths[9]![1])
    case 'worker-died': {
      const [why, hint] = deaths[signal] ?? [
        said,
        'Run again; if it happens twice, look at the log of the board (dmesg).',
      ]
      const last = tail.slice(-300).trim()
      return fail('device', 'board-died', `Measuring on ${place} ended: ${why}${last ? ` (${last})` : ''}.`, hint)
    }
    default:
      return fail('device', 'agent-refused', `${place}: ${said || code}.`, 'Run again; if it happens twice, report it.')
  }
}
