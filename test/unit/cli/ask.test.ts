import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { createAsk } from '../../../src-main/cli/ask'

function terminal() {
  const [input, output] = [new PassThrough(), new PassThrough()]
  let shown = ''
  output.on('data', (chunk: Buffer) => (shown += chunk.toString()))
  return { input, ask: createAsk(input, output), shown: () => shown }
}

it('asks one thing after another, and shows no password', async () => {
  const { input, ask, shown } = terminal()
  const answers = Promise.all([
    ask({ kind: 'password', text: 'Password: ' }),
    ask({ kind: 'trust', text: 'Trust it? ' }),
  ])
  await expect.poll(shown).toContain('Password: ')
  expect(shown()).not.toContain('Trust')
  input.write('raspberry\r')
  await expect.poll(shown).toContain('Trust it? ')
  input.write('yes\r')
  expect(await answers).toEqual(['raspberry', 'yes'])
  expect(shown()).not.toContain('raspberry')
  expect(shown()).toContain('yes')
})

it('answers nothing when the input ends', async () => {
  const { input, ask } = terminal()
  const answer = ask({ kind: 'password', text: 'Password: ' })
  setImmediate(() => input.end())
  expect(await answer).toBeUndefined()
})
