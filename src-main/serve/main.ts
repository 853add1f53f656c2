/** The built entry out/main/serve.js: the server alone. `lupine serve` does the same with the command line's options. */
import { parseArgs } from 'node:util'
import { toFailure } from '../core/failure'
import { createProgram } from '../program/create'
import { serveUntilStopped } from './serve'

try {
  const { values } = parseArgs({ options: { port: { type: 'string' }, json: { type: 'boolean', default: false } } })
  await serveUntilStopped(createProgram(), {
    port: values.port === undefined ? undefined : Number(values.port),
    announce: (url) => console.log(values.json ? JSON.stringify({ url }) : url),
  })
} catch (error) {
  const { message, hint } = toFailure(error)
  console.error(`${message}\n${hint}`)
  process.exitCode = 1
}
