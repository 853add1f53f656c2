import type { IpcMain, IpcMainEvent, WebContents } from 'electron'
import { bridgeChannels } from '../contract/bridge'
import type { Program } from '../program/program'
import { createSession, type Session } from '../program/session'
import { isOwnPage } from './origin'

/**
 * Carries the wire's messages between a window's page and the program: one session per loaded page, so that a reload
 * starts clean, as a new WebSocket does under serve.
 */
export function connectWindow(program: Program, contents: WebContents, ipc: Pick<IpcMain, 'on' | 'off'>): void {
  let session: Session | undefined

  const open = (): Session =>
    createSession(program, (message) => {
      if (!contents.isDestroyed()) contents.send(bridgeChannels.toWindow, message)
      return true
    })

  const onMessage = (event: IpcMainEvent, message: unknown): void => {
    if (event.sender !== contents || !isTrusted(event)) return
    session ??= open()
    session.receive(message)
  }
  const end = (): void => {
    session?.close()
    session = undefined
  }
  ipc.on(bridgeChannels.toProgram, onMessage)
  contents.on('did-start-navigation', (details) => {
    if (details.isMainFrame && !details.isSameDocument) end()
  })
  contents.on('render-process-gone', end)
  contents.once('destroyed', () => {
    end()
    ipc.off(bridgeChannels.toProgram, onMessage)
  })
}

/** Only our own page's main frame may speak; a frame that is gone meanwhile has no address. */
export function isTrusted({ senderFrame }: Pick<IpcMainEvent, 'senderFrame'>): boolean {
  return senderFrame !== null && senderFrame.parent === null && isOwnPage(senderFrame.url)
}
