import { describe, expect, it } from 'vitest'
import { bridgeChannels, type Bridge } from '../../../src-main/contract/bridge'
import { serverMessage } from '../../../src-main/contract/wire'
import { connectWindow, isTrusted } from '../../../src-main/shell/ipc'
import { pageUrl } from '../../../src-main/shell/origin'
import { utilityPort } from '../../../src-main/shell/processes'
import { contextBridge, FakeContents, ipcRenderer, newIpc, utilityProcess } from '../../fixtures/electron'
import { createFakeProgram } from '../../fixtures/fake-program'

const settle = () => new Promise((resolve) => setTimeout(resolve, 0))
const ownFrame = { url: pageUrl, parent: null }

function connected() {
  const program = createFakeProgram()
  const contents = new FakeContents()
  const ipc = newIpc()
  connectWindow(program, contents as never, ipc as never)
  const say = (message: unknown, event: object = { sender: contents, senderFrame: ownFrame }) =>
    ipc.emit(bridgeChannels.toProgram, event, message)
  const events = () =>
    contents.sent.flatMap(({ message }) => {
      const one = serverMessage.parse(message)
      return one.type === 'event' ? [one.event.n] : []
    })
  return { program, contents, ipc, say, events }
}

describe('the window’s line', () => {
  it('speaks the wire’s messages', async () => {
    const { program, contents, say, events } = connected()
    say({ type: 'start', id: 0, name: 'demo', request: {} })
    await settle()
    say({ type: 'subscribe', id: 1, job: 'job-1', from: 0 })
    program.step(2)
    await settle()
    expect(contents.sent.every(({ channel }) => channel === bridgeChannels.toWindow)).toBe(true)
    expect(events()).toEqual([0, 1, 2])
  })

  it.each([
    ['another page', { url: 'https://example.org/', parent: null }],
    ['a frame inside ours', { url: pageUrl, parent: ownFrame }],
    ['a frame that is gone', null],
  ])('does not listen to %s', async (_, senderFrame) => {
    const { program, contents, say } = connected()
    expect(isTrusted({ senderFrame } as never)).toBe(false)
    say({ type: 'start', id: 0, name: 'demo', request: {} }, { sender: contents, senderFrame })
    await settle()
    expect(contents.sent).toEqual([])
    expect(await program.call('jobs.list', {})).toMatchObject({ value: [] })
  })

  it('does not listen to another window', async () => {
    const { contents, say } = connected()
    say({ type: 'call', id: 0, name: 'jobs.list', request: {} }, { sender: new FakeContents(), senderFrame: ownFrame })
    await settle()
    expect(contents.sent).toEqual([])
  })

  it('starts clean after a reload, and ends with the window', async () => {
    const { program, contents, ipc, say, events } = connected()
    say({ type: 'start', id: 0, name: 'demo', request: {} })
    await settle()
    say({ type: 'subscribe', id: 1, job: 'job-1', from: 0 })
    contents.emit('did-start-navigation', { isMainFrame: true, isSameDocument: false })
    program.step(3)
    await settle()
    expect(events()).toEqual([0])
    say({ type: 'subscribe', id: 0, job: 'job-1', from: 1 })
    contents.emit('did-start-navigation', { isMainFrame: true, isSameDocument: true })
    program.step(1)
    await settle()
    expect(events()).toEqual([0, 1, 2, 3, 4])
    contents.emit('destroyed')
    program.step(1)
    expect(events()).toHaveLength(5)
    expect(ipc.listenerCount(bridgeChannels.toProgram)).toBe(0)
  })
})

describe('the preload script', () => {
  it('exposes three functions and nothing of Electron', async () => {
    await import('../../../src-main/shell/preload')
    const bridge = contextBridge.exposed['lupine'] as Bridge
    expect(Object.keys(bridge).sort()).toEqual(['onMessage', 'send', 'take'])
    const heard: unknown[][] = []
    const stop = bridge.onMessage((...all) => heard.push(all))
    ipcRenderer.emit(bridgeChannels.toWindow, { sender: 'secret' }, { type: 'answer' })
    stop()
    ipcRenderer.emit(bridgeChannels.toWindow, {}, { type: 'late' })
    expect(heard).toEqual([[{ type: 'answer' }]])
    bridge.send({ type: 'unsubscribe', id: 0, job: 'a' })
    expect(ipcRenderer.sent).toEqual([
      { channel: bridgeChannels.toProgram, message: { type: 'unsubscribe', id: 0, job: 'a' } },
    ])
  })
})

describe('an engine as a utility process', () => {
  it('has the line of a forked one', () => {
    const line = utilityPort('/engine.js', ['wasm'], { PATH: '/bin', EMPTY: undefined })
    const child = utilityProcess.forked.at(-1)!
    expect(child.options['env']).toEqual({ PATH: '/bin' })
    const heard: unknown[] = []
    line.onMessage((message) => heard.push(message))
    line.onStderr((text) => heard.push(text))
    line.onExit((reason) => heard.push(reason))
    line.send({ type: 'cancel', id: 1 })
    child.emit('message', { type: 'beat' })
    child.stderr.emit('data', Buffer.from('oops'))
    child.emit('exit', 3)
    line.send({ type: 'cancel', id: 2 })
    line.kill()
    expect(child.posted).toEqual([{ type: 'cancel', id: 1 }])
    expect(heard).toEqual([{ type: 'beat' }, 'oops', 'exit code 3'])
  })
})
