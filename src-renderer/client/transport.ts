import type { ClientMessage } from '../../src-main/contract/wire'

/**
 * `lost`: nobody answers; it is tried again. `refused`: a server answers but doesn't accept our key (it was started
 * anew); it is tried again too, since opening the new address in another tab renews the key of this one.
 */
export type LineState = 'connecting' | 'open' | 'lost' | 'refused'

export interface TransportListener {
  onMessage(message: unknown): void
  onState(state: LineState): void
}

/** Carries the wire's messages. */
export interface Transport {
  /** Begins; called once. */
  open(listener: TransportListener): void
  /** Only while the state is `open`. */
  send(message: ClientMessage): void
  /** Doesn't wait for the next try. */
  retryNow(): void
}
