import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { AgentLink, AgentRefusal } from '../../../../src-main/devices/agent/link'
import { longestLine } from '../../../../src-main/devices/agent/protocol'
import type { Exit, Program } from '../../../../src-main/devices/transports/transport'

/** A program whose answers a test writes. */
function hostile() {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  let end: (exit: Exit) => void = () => undefined
  let closed = false
  const ended = new Promise<Exit>((resolve) => (end = resolve))
  const program: Program = { stdin, stdout, stderr, ended, close: () => void (closed = true) }
  const heard: { id: number; method: string }[] = []
  stdin.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString().trim().split('\n')) heard.push(JSON.parse(line) as (typeof heard)[0])
  })
  return { program, stdout, stderr, heard, end, closed: () => closed, say: (text: string) => stdout.write(`${text}\n`) }
}

const number = z.object({ value: z.number() })
const code = (name: string) => ({ failure: expect.objectContaining({ kind: 'device', code: name }) as unknown })

describe('an agent that', () => {
  it('greets behind what a login shell prints, and answers out of order', async () => {
    const board = hostile()
    const link = new AgentLink(board.program, 'board')
    board.say('Welcome to Debian!\n\x1b[31m{"not": json')
    board.say('{"lupine": 1, "sha256": "abc"}')
    expect(await link.hello()).toEqual({ lupine: 1, sha256: 'abc' })
    const [first, second] = [link.request('a', {}, number), link.request('b', {}, number)]
    await expect.poll(() => board.heard.length).toBe(2)
    const [a, b] = board.heard
    board.say(`{"id": 999, "result": {"value": 0}}`)
    board.say(`{"id": ${b!.id}, "result": {"value": 2}}`)
    board.say(`{"id": ${b!.id}, "result": {"value": 3}}`)
    board.say(`{"id": ${a!.id}, "result": {"value": 1}}`)
    expect([await first, await second]).toEqual([{ value: 1 }, { value: 2 }])
  })

  it('refuses, or answers what is no answer', async () => {
    const board = hostile()
    const link = new AgentLink(board.program, 'board')
    const [refused, odd] = [link.request('a', {}, number), link.request('b', {}, number)]
    board.say('{"id": 1, "error": {"code": "busy", "message": "\\u001b[2Jno"}}')
    board.say('{"id": 2, "result": {"value": "ten"}}')
    await expect(refused).rejects.toEqual(new AgentRefusal({ code: 'busy', message: 'no' }))
    await expect(odd).rejects.toMatchObject(code('device-answer'))
    expect(board.closed()).toBe(false)
  })

  it.each([
    ['sends a line of 10 GB', (say: (bytes: Buffer) => boolean) => say(Buffer.alloc(longestLine / 16, 'x'))],
    ['sends lines without end', (say: (bytes: Buffer) => boolean) => say(Buffer.from(`${'x'.repeat(100_000)}\n`))],
    [
      'nests its answer deeper than a stack',
      (say: (bytes: Buffer) => boolean) => say(Buffer.from(`{"a":${'['.repeat(200_000)}\n`)),
    ],
    ['sends bytes that are no text', (say: (bytes: Buffer) => boolean) => say(Buffer.alloc(100_000, 0xff))],
  ])('%s is cut off, with bounded memory', async (_, babble) => {
    const board = hostile()
    const gone: string[] = []
    const link = new AgentLink(board.program, 'board', (why) => gone.push(why.failure.code))
    const asked = link.request('measure', {}, number)
    asked.catch(() => undefined)
    let bytes = 0
    for (let i = 0; i < 100 && !board.closed(); i++) {
      babble((chunk) => ((bytes += chunk.length), board.stdout.write(chunk)))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await expect(asked).rejects.toMatchObject(code('device-babble'))
    expect([board.closed(), gone]).toEqual([true, ['device-babble']])
    expect(bytes).toBeLessThan(8 << 20)
    await expect(link.request('again', {}, number)).rejects.toMatchObject(code('device-babble'))
  })

  it('says nothing is given up after a while, one that gives signs of life but gets no further too', async () => {
    const quiet = hostile()
    const silent = new AgentLink(quiet.program, 'board').request('a', {}, number, { silence: 50 })
    await expect(silent).rejects.toMatchObject(code('device-silent'))
    const stuck = hostile()
    const link = new AgentLink(stuck.program, 'board')
    const beats = setInterval(() => stuck.say('{"id": 1, "progress": {"beat": true}}'), 10)
    const request = link.request('a', {}, number, { silence: 1000, limit: 150 })
    await expect(request).rejects.toMatchObject(code('device-silent'))
    clearInterval(beats)
  })

  it('dies takes its last words along', async () => {
    const board = hostile()
    const asked = new AgentLink(board.program, 'board').request('a', {}, number)
    board.stderr.write('Traceback\nMemoryError\x1b[0m')
    await new Promise((resolve) => setImmediate(resolve))
    board.end({ code: 1 })
    await expect(asked).rejects.toMatchObject({
      failure: {
        code: 'agent-died',
        message: "Lupine's agent on board ended with exit code 1: Traceback MemoryError.",
      },
    })
  })

  it('goes with its connection is not blamed for it', async () => {
    const board = hostile()
    const asked = new AgentLink(board.program, 'board').request('a', {}, number)
    board.end({})
    await expect(asked).rejects.toMatchObject(code('device-lost'))
  })
})
