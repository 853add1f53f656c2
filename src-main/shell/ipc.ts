import type { IpcMain, IpcMainEvent, IpcMainInvokeEvent, WebContents } from 'electron'
import { bridgeChannels } from '../contract/bridge'
import type { ServerMessage } from '../contract/wire'
import type { Program } from '../program/program'
import { createSession, type Session } from '../program/session'
import { isOwnPage } from './origin'

/** Files that one drop may bring. */
const mostDropped = 100

/** The shell's own end of a window's line. */
export interface WindowLine {
  /** Tells the page something; kept until there is a page that listens. */
  tell(message: ServerMessage): void
}

/**
 * Carries the wire's messages between a window's page and the program: one session per loaded page, so that a reload
 * starts clean, as a new WebSocket does under serve.
 */
export function connectWindow(
  program: Program,
  contents: WebContents,
  ipc: Pick<IpcMain, 'on' | 'off' | 'handle' | 'removeHandler'>,
): WindowLine {
  let session: Session | undefined
  let untold: ServerMessage[] = []

  const send = (message: ServerMessage): boolean => {
    if (!contents.isDestroyed()) contents.send(bridgeChannels.toWindow, message)
    return true
  }
  const open = (): Session => {
    const opened = createSession(program, send)
    untold.splice(0).forEach(send)
    return opened
  }
  const isOurs = (event: IpcMainEvent | IpcMainInvokeEvent): boolean => event.sender === contents && isTrusted(event)

  const onMessage = (event: IpcMainEvent, message: unknown): void => {
    if (!isOurs(event)) return
    session ??= open()
    session.receive(message)
  }
  /** Paths that the preload script read off dropped files → entries. */
  const onDrop = async (event: IpcMainInvokeEvent, paths: unknown): Promise<unknown> => {
    if (!isOurs(event) || !program.windows || !Array.isArray(paths)) return []
    const dropped = paths.filter((path): path is string => typeof path === 'string').slice(0, mostDropped)
    return Promise.all(dropped.map((path) => program.windows!.grant(path)))
  }
  const end = (): void => {
    session?.close()
    session = undefined
  }
  ipc.on(bridgeChannels.toProgram, onMessage)
  ipc.handle(bridgeChannels.take, onDrop)
  contents.on('did-start-navigation', (details) => {
    if (details.isMainFrame && !details.isSameDocument) end()
  })
  contents.on('render-process-gone', end)
  contents.once('destroyed', () => {
    end()
    untold = []
    ipc.off(bridgeChannels.toProgram, onMessage)
    ipc.removeHandler(bridgeChannels.take)
  })
  return { tell: (message) => void (session ? send(message) : untold.push(message)) }
}

/** Only our own page's main frame may speak; a frame that is gone meanwhile has no address. */
export function isTrusted({ senderFrame }: Pick<IpcMainEvent, 'senderFrame'>): boolean {
  return senderFrame !== null && senderFrame.parent === null && isOwnPage(senderFrame.url)
}
