import type { ClientMessage } from './wire'

/** What the preload script puts at `window.lupine`: the wire's messages, nothing else. */
export interface Bridge {
  send(message: ClientMessage): void
  /** Messages from the program, not yet checked; returns the function that stops listening. */
  onMessage(listener: (message: unknown) => void): () => void
}

/** Electron's IPC channels: one each way. */
export const bridgeChannels = { toProgram: 'lupine:to-program', toWindow: 'lupine:to-window' } as const
