import type { LineState, Transport, TransportListener } from './transport'

export interface WebSocketSettings {
  readonly url: string
  /** Whether the server, if there is one, refuses us; called after a connection failed. */
  readonly isRefused: () => Promise<boolean>
  readonly create?: (url: string) => WebSocket
}

const firstRetry = 250
const slowestRetry = 5000

/** A WebSocket that is opened again whenever it closes, ever more slowly up to every five seconds. */
export function createWebSocketTransport({ url, isRefused, create }: WebSocketSettings): Transport {
  let listener: TransportListener
  let socket: WebSocket | undefined
  let wait = firstRetry
  let timer: ReturnType<typeof setTimeout> | undefined
  let last: LineState | undefined

  const become = (state: LineState): void => {
    if (state !== last) listener.onState((last = state))
  }

  function connect(): void {
    clearTimeout(timer)
    timer = undefined
    const current = create ? create(url) : new WebSocket(url)
    socket = current
    current.onopen = () => {
      wait = firstRetry
      become('open')
    }
    current.onmessage = ({ data }) => {
      try {
        listener.onMessage(JSON.parse(String(data)))
      } catch {
        // Not our server's doing: start afresh instead of guessing.
        current.close()
      }
    }
    current.onclose = () => void afterClose(current)
  }

  async function afterClose(closed: WebSocket): Promise<void> {
    if (socket !== closed) return
    socket = undefined
    if (last === 'open') become('lost')
    const refused = await isRefused().catch(() => false)
    become(refused ? 'refused' : 'lost')
    timer = setTimeout(connect, wait)
    wait = Math.min(wait * 2, slowestRetry)
  }

  return {
    open(given) {
      listener = given
      become('connecting')
      connect()
    },
    send(message) {
      // On its way to being closed: what is asked is answered as broken by then, and needs no complaint in the console.
      if (socket && socket.readyState <= WebSocket.OPEN) socket.send(JSON.stringify(message))
    },
    retryNow() {
      if (timer !== undefined) connect()
    },
  }
}

/** The transport of a page that `lupine serve` served. */
export function webSocketOfThisPage(): Transport {
  const { host } = window.location
  const transport = createWebSocketTransport({
    url: `ws://${host}/line`,
    isRefused: async () => [401, 403].includes((await fetch('/', { method: 'HEAD', cache: 'no-store' })).status),
  })
  // Whoever comes back to the tab should not wait for the next try.
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) transport.retryNow()
  })
  return transport
}
