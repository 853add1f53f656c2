import { hostname, userInfo } from 'node:os'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createProgram } from '../../src-main/program/create'
import { makeProject, started, tell } from '../fixtures/project'
import { temporaryFolder } from '../fixtures/temporary'

it('tells what there is, of a run too, and no names', async () => {
  const folder = temporaryFolder('diagnose')
  process.env['XDG_CONFIG_HOME'] = join(folder, 'config')
  const secret = join(folder, 'acme corp', 'secret net.onnx')
  const files = makeProject(join(folder, 'my run'), {
    model: secret,
    device: 'ssh://ada@kitchen.example?key=/home/ada/id',
  })
  const text = `There is no file ${secret}; ada@kitchen.example said so.`
  tell(files, 'a', 0, started, { type: 'note', level: 'warning', text })
  writeFileSync(join(files.measurements, 'verify.json'), '{}')
  const program = createProgram()
  const out = join(folder, 'bundle.json')
  const result = await program.call('program.diagnose', { dir: files.root, out })
  await program.close()
  if (!result.ok) throw new Error(result.failure.message)
  const { bundle } = result.value
  expect(bundle).toMatchObject({
    ...{ format: 'lupine-diagnostics', node: process.version, devices: { tensorflow: expect.anything() } },
    project: { measurements: [{ name: 'verify.json' }], events: [{ type: 'started' }, { type: 'note' }] },
  })
  const written = readFileSync(out, 'utf8')
  expect(JSON.parse(written)).toEqual(bundle)
  const names = [
    'acme',
    'secret',
    'kitchen',
    folder,
    ...[hostname(), userInfo().username].filter((name) => name.length > 3),
  ]
  for (const name of [...names, 'ada@']) expect(written.toLowerCase(), name).not.toContain(name.toLowerCase())
})
