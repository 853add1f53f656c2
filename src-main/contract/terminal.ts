import { z } from 'zod'
import { deviceAddress } from './options'

/** Raw terminals: a two-way stream of bytes between a window and a board, over the same line as everything else. */

const characters = z.number().int().min(2).max(1000)
export const terminalSize = { columns: characters, rows: characters }

export const terminalRequest = z.object({
  device: deviceAddress.max(4096).describe('serial:PORT?baud=N | ssh://user@host | a saved board'),
  ...terminalSize,
})
export type TerminalRequest = z.infer<typeof terminalRequest>

/** Of the `open-terminal` message. */
export const terminalOpened = z.object({
  terminal: z.number().int().nonnegative().describe('its number on this line'),
  place: z.string().describe('the board, in messages'),
  resizes: z.boolean().describe("whether the other end hears of the window's size"),
})
export type TerminalOpened = z.infer<typeof terminalOpened>

/** Bytes as base64: what comes over a serial line need not be text. */
export const bytes = z.base64()

/** The most bytes of one message, either way. */
export const mostTerminalBytes = 16 * 1024

/**
 * Bytes that the program sends ahead of what the window has said to have taken; then it stops reading the board. A window
 * says so every quarter of them.
 */
export const terminalAhead = 256 * 1024
