/** The built entry out/main/serve.js: the server alone. `lupine serve` does the same with the command line's options. */
import { parseArgs } from 'node:util'
import { toFailure } from '../core/failure'
import { createProgram } from '../program/create'
import { rootsOf, serveUntilStopped } from './serve'

const options = {
  port: { type: 'string' },
  host: { type: 'string' },
  root: { type: 'string', multiple: true },
  json: { type: 'boolean', default: false },
} as const

try {
  const { values } = parseArgs({ options })
  const roots = rootsOf(values.root)
  await serveUntilStopped(createProgram({ windows: { roots } }), {
    host: values.host,
    port: values.port === undefined ? undefined : Number(values.port),
    announce: (url) => console.log(values.json ? JSON.stringify({ url }) : url),
  })
} catch (error) {
  const { message, hint } = toFailure(error)
  console.error(`${message}\n${hint}`)
  process.exitCode = 1
}
