import { fail, type LupineError } from '../../../core/failure'
import { plainText } from '../../agent/text'

export const portMissing = (path: string): LupineError =>
  fail(
    'device',
    'port-missing',
    `There is no serial port ${path}.`,
    'lupine devices lists the ports that there are; plug the adapter in, or give the right one.',
  )

export const portBusy = (path: string, holder?: string): LupineError =>
  fail(
    'device',
    'port-busy',
    `${path} is held by ${holder ?? 'another program'}.`,
    'End that program (a terminal such as screen, minicom or picocom, ModemManager, another Lupine), then run again.',
  )

/** As portBusy, when this program itself has it. */
export const portInUse = (path: string, purpose: string): LupineError =>
  fail(
    'device',
    'port-busy',
    `${path} is held by ${purpose}.`,
    'A serial line has one owner at a time: close the terminal, or let the job end or interrupt it; then do this again.',
  )

/** What serialport says when a port cannot be opened. */
export function portTrouble(path: string, { message }: Error): LupineError {
  if (/lock|EBUSY|busy|temporarily/i.test(message)) return portBusy(path)
  if (/EACCES|permission|access denied/i.test(message))
    return fail(
      'device',
      'port-refused',
      `${path} may not be opened by this user.`,
      'On Linux: sudo usermod -aG dialout $USER, then log in anew.',
    )
  return fail(
    'device',
    'port-unusable',
    `${path} cannot be used as a serial port: ${plainText(message, 200)}.`,
    'Is it a serial port, and does the adapter take this baud rate?',
  )
}

export const portLost = (path: string, why = ''): LupineError =>
  fail(
    'device',
    'device-lost',
    `The serial port ${path} is gone${why ? `: ${plainText(why, 200).replace(/^Error:? */, '')}` : ''}.`,
    'Look at its plug and the power of the board, then run again: what was measured is kept.',
  )

export const nobodyThere = (place: string, baud: number): LupineError =>
  fail(
    'device',
    'serial-silent',
    `Nothing answers on ${place}.`,
    `Is the board on, are TX and RX crossed, and does it have a console there at ${baud} baud (console=ttyS0,${baud}; enable_uart=1 on a Raspberry Pi)?`,
  )

export const noText = (place: string, baud: number): LupineError =>
  fail(
    'device',
    'serial-baud',
    `What comes from ${place} at ${baud} baud is no text.`,
    'The baud rate is another one (115200, 9600, 1500000 are usual), or the wires are bad: serial:PORT?baud=N.',
  )

export const consoleBusy = (place: string, line: string): LupineError =>
  fail(
    'device',
    'console-busy',
    `Somebody is at work on the console of ${place}: a program runs there${line ? ` (it says "${line}")` : ''}.`,
    'End it there, or log out, then run again.',
  )

export const otherUser = (place: string, user: string, wanted: string): LupineError =>
  fail(
    'device',
    'console-taken',
    `${user} is logged in on the console of ${place}, not ${wanted}.`,
    `Log out there (exit), or say user=${user} to work as that user.`,
  )

export const inBootLoader = (place: string): LupineError =>
  fail(
    'device',
    'console-bootloader',
    `The console of ${place} is at the prompt of its boot loader.`,
    'Let it start the system (type boot there), then run again.',
  )

export const loginRefused = (place: string, user: string): LupineError =>
  fail(
    'device',
    'login-refused',
    `${place} refused the login of ${user}.`,
    'Check the user name (an unknown one looks the same) and the password: LUPINE_PASSWORD, or a prompt in a terminal.',
  )

export const loginUnknown = (place: string, what: 'user' | 'password'): LupineError =>
  fail(
    'device',
    'login-refused',
    `${place} asks for a ${what === 'user' ? 'user name' : 'password'}, and none is known.`,
    what === 'user'
      ? 'Say user=NAME in the address, or answer the question in a terminal.'
      : 'Set LUPINE_PASSWORD, or answer the question in a terminal.',
  )

export const noShell = (place: string, why: string): LupineError =>
  fail(
    'device',
    'console-shell',
    `The shell on the console of ${place} does not do what it is told: ${plainText(why, 200)}.`,
    'It needs sh, stty, cksum and od (busybox has them). If the line is bad, a lower baud rate or a shorter cable helps.',
  )
