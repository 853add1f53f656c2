/** `lupine devices terminal`: what is piped to it is typed on a board's console, and what that answers is printed. */
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { carryOutTerminal, type Console as Own } from '../../src-main/cli/terminal'
import { createProgram } from '../../src-main/program/create'
import { Console } from '../fixtures/board/console'
import { whyNoSerial } from '../fixtures/board/serial-scene'
import { temporaryFolder } from '../fixtures/temporary'

const why = whyNoSerial()

/** A terminal of this test's own, or none. */
function own(isTTY: boolean) {
  const [input, output, notes] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const raw: boolean[] = []
  const said = { text: '' }
  output.on('data', (chunk: Buffer) => (said.text += chunk.toString()))
  Object.assign(input, { isTTY, setRawMode: (on: boolean) => void raw.push(on) })
  return { input, said, raw, console: { input, output, notes } as unknown as Own }
}

describe.skipIf(why)('lupine devices terminal', () => {
  const home = temporaryFolder('terminal-command')
  const program = createProgram()
  let line: Console
  beforeAll(async () => void (line = await Console.open({ home, state: 'shell' })))
  afterAll(async () => {
    await program.close()
    await line.cut()
  })

  it('sends what is piped to it, prints the answer, and ends', async () => {
    const { input, said, console } = own(false)
    input.end('echo $((6*7))-piped\n')
    expect(await carryOutTerminal(program, `serial:${line.path}?baud=921600`, console)).toMatchObject({ ok: true })
    expect(said.text).toContain('42-piped')
  })

  it('is a terminal until Ctrl-], which the board does not see', async () => {
    const { input, said, raw, console } = own(true)
    const over = carryOutTerminal(program, `serial:${line.path}`, console)
    input.write('echo $((7*7))-typed\r')
    await expect.poll(() => said.text).toContain('49-typed')
    input.write('\x1dexit\r')
    expect(await over).toMatchObject({ ok: true })
    expect(raw).toEqual([true, false])
    expect(said.text).not.toContain('exit')
  })

  it('says what it can’t be opened on', async () => {
    const { console } = own(false)
    expect(await carryOutTerminal(program, 'local', console)).toMatchObject({
      failure: { kind: 'usage', code: 'terminal-unsupported' },
    })
  })
})
