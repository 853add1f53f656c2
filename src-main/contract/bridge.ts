import type { ClientMessage } from './wire'

/** What the preload script puts at `window.lupine`: the wire's messages, and a way in for files that were dropped. */
export interface Bridge {
  send(message: ClientMessage): void
  /** Messages from the program, not yet checked; returns the function that stops listening. */
  onMessage(listener: (message: unknown) => void): () => void
  /** `File`s of a drop → entries (files.ts), not yet checked. Only what a person dropped has a path to be asked for. */
  take(files: readonly object[]): Promise<unknown>
}

/** Electron's IPC channels. */
export const bridgeChannels = {
  toProgram: 'lupine:to-program',
  toWindow: 'lupine:to-window',
  take: 'lupine:take',
} as const
