/** A board over a serial line: its console on a pseudo-terminal, a real shell, Python and onnxruntime behind it. More: test/board. */
import { spawn } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { serialTo } from '../fixtures/board/console'
import { deviceFailure, effort, shape } from '../fixtures/board/device'
import { prompt, serialScene, whyNoSerial } from '../fixtures/board/serial-scene'

const why = whyNoSerial()

describe.skipIf(why)('a board on a serial line', () => {
  const { model, start, board } = serialScene()
  it('is logged in to, measured, and given back at its login prompt', async () => {
    const line = await start({ kernel: 1 })
    const its = board(serialTo(line.path))
    const raw = await its.measure([model, model], shape, effort)
    expect(raw.processes[0]!.samples.map((times) => times.length)).toEqual([3, 3])
    expect(raw.device).toMatchObject({ runtime: 'onnxruntime', threads: 1 })
    expect((await its.layers(model, shape, 3)).length).toBeGreaterThan(5)
    await its.close()
    expect(await prompt(line)).toMatch(/login: $/)
  })

  it('is not there, held by another program, or no port: each has a name', async () => {
    await expect(serialTo('/dev/ttyNone0').connect()).rejects.toMatchObject(deviceFailure('port-missing', /ttyNone0/))
    const line = await start()
    const holder = spawn('sh', ['-c', `exec sleep 60 <${line.path}`])
    await setTimeout(300)
    await expect(serialTo(line.path).connect()).rejects.toMatchObject(
      deviceFailure('port-busy', /held by sleep \(pid \d+\)/),
    )
    holder.kill()
    await expect(serialTo(model).connect()).rejects.toMatchObject(deviceFailure('port-unusable'))
  })
})
