import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../../src-main/core/statistics/random'
import { frame, Frames } from '../../../../src-main/devices/transports/serial/frames'

const quick = { again: 20, ask: 50, silence: 1500 }

/** Two ends of a line that loses and changes bytes, each with the given likelihood. */
function ends(noise: number, seed = 1) {
  const random = createRandom(seed)
  const spoil = (bytes: Buffer) =>
    Buffer.from(
      [...bytes].flatMap((byte) => {
        const chance = random.next()
        if (chance < noise) return []
        return [chance < 2 * noise ? byte ^ (1 << Math.floor(8 * random.next())) : byte]
      }),
    )
  const make = (other: () => Frames) => {
    const heard: Buffer[] = []
    const end: { told?: boolean } = {}
    const frames = new Frames({
      write: (bytes) => setImmediate(() => other().take(spoil(bytes))),
      onData: (chunk) => heard.push(chunk),
      onEnd: (told) => (end.told = told),
      times: quick,
    })
    return { frames, end, heard: () => Buffer.concat(heard).toString() }
  }
  const near: ReturnType<typeof make> = make(() => far.frames)
  const far = make(() => near.frames)
  return { near, far, stop: () => (near.frames.stop(true), far.frames.stop(true)) }
}

/** Deflates badly, so that many frames go out. */
const text = (seed: number) => {
  const random = createRandom(seed)
  return Array.from({ length: 1500 }, () => random.next().toString(36).slice(2)).join('\n')
}

describe('frames on a line', () => {
  it.each([0, 1e-4, 1e-3])(
    'carry both ways, in order, once, what is lost or changed at a rate of %s',
    async (noise) => {
      const { near, far, stop } = ends(noise, 7)
      const [there, back] = [text(1), text(2)]
      near.frames.send(Buffer.from(there))
      far.frames.send(Buffer.from(back))
      await expect
        .poll(() => [far.heard().length, near.heard().length], { timeout: 15_000 })
        .toEqual([there.length, back.length])
      expect([far.heard() === there, near.heard() === back]).toEqual([true, true])
      if (noise === 1e-3) expect(near.frames.troubles.damaged).toBeGreaterThan(10)
      if (noise === 0) expect(near.frames.troubles.damaged).toBe(0)
      near.frames.end()
      await expect.poll(() => far.end.told, { timeout: 3000 }).toBe(true)
      stop()
    },
  )

  it('pass over what is no frame, within one or between two', async () => {
    const { near, far, stop } = ends(0)
    far.frames.take(Buffer.from('login: \r\n~D0000zzzz\n[ 1.5] eth0: up\n~~~\xff\n'))
    near.frames.send(Buffer.from('one'))
    await expect.poll(() => far.heard()).toBe('one')
    const late = frame('D', 1, 0, Buffer.from('x'))
    far.frames.take(Buffer.concat([late.subarray(0, 9), Buffer.from('[ 2.5] usb: found\n'), late.subarray(9)]))
    near.frames.send(Buffer.from('two'))
    await expect.poll(() => far.heard()).toBe('onetwo')
    stop()
  })

  it('end by themselves where nobody is', async () => {
    const end: boolean[] = []
    const alone = new Frames({ write: () => {}, onData: () => {}, onEnd: (told) => end.push(told), times: quick })
    alone.send(Buffer.from('hello?'))
    await expect.poll(() => end, { timeout: 5000 }).toEqual([false])
  })
})
