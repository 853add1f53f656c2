import type { Bridge } from '../../src-main/contract/bridge'
import type { Transport } from './transport'

/** Electron's IPC: there from the start, and gone only with the window. */
export function createBridgeTransport(bridge: Bridge): Transport {
  return {
    open(listener) {
      bridge.onMessage((message) => listener.onMessage(message))
      listener.onState('open')
    },
    send: (message) => bridge.send(message),
    retryNow: () => undefined,
  }
}
