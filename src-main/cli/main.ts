/** The built command line: out/main/cli.js. */
import { exitCodes } from '../contract'
import { fail, toFailure, type Failure, type Result } from '../core/failure'
import { createProgram } from '../program/create'
import type { Program } from '../program/program'
import { version } from '../program/version'
import { terminalAsk } from './ask'
import { commands } from './commands'
import type { Request } from './command'
import { helpFor, helpText, serveOptions, sharedOptions } from './help'
import { number, parseCommandLine, text } from './options'
import { createProgressView } from './show'
import { carryOutTerminal, noJson } from './terminal'

/** Runs a command line; returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const [name = 'help', ...rest] = argv
  const json = argv.includes('--json')
  if (name === 'help' || name === '--help' || name === '-h') return print(helpText())
  if (name === '--version' || name === 'version') return print(version)
  try {
    if (name === 'serve') return await serve(rest, json)
    const command = commands[name]
    if (!command) throw fail('usage', 'command-unknown', `There is no command "${name}".`, 'lupine --help lists them.')
    if (rest.includes('--help')) return print(helpFor(name, command))
    const { values, positionals } = parseCommandLine(
      name,
      rest,
      { ...sharedOptions, ...command.options },
      command.arguments,
    )
    const request = command.request(values, positionals)
    if ('terminal' in request && json) throw noJson()
    const outcome = await carryOut(request)
    if (!outcome.ok) return report(outcome.failure, json)
    // All it had to say has been said.
    if ('terminal' in request) return 0
    return print(json ? JSON.stringify(outcome.value) : command.summary(outcome.value as never))
  } catch (error) {
    return report(toFailure(error), json)
  }
}

async function carryOut(request: Request): Promise<Result<unknown>> {
  const program = createProgram({ ask: terminalAsk() })
  try {
    if ('terminal' in request)
      return await carryOutTerminal(program, request.terminal, {
        ...{ input: process.stdin, output: process.stdout, notes: process.stderr },
      })
    if ('call' in request) return await program.call(request.call, request.request as never)
    return await carryOutJob(program, request)
  } finally {
    await program.close()
  }
}

async function carryOutJob(program: Program, request: Extract<Request, { job: string }>): Promise<Result<unknown>> {
  const started = await program.start(request.job, request.request as never)
  if (!started.ok) return started
  const { id } = started.value
  // The first signal interrupts in an orderly way, a second one ends at once.
  let asked = false
  const interrupt = (): void => {
    if (asked) process.exit(exitCodes.interrupted)
    asked = true
    process.stderr.write('\nInterrupting… (again to end at once)\n')
    void program.call('jobs.cancel', { job: id })
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  program.subscribe(id, 0, createProgressView(process.stderr))
  return program.finished(id)
}

async function serve(args: readonly string[], json: boolean): Promise<number> {
  if (args.includes('--help'))
    return print(helpFor('serve', { about: 'the window in a browser', arguments: [], options: serveOptions }))
  const { values } = parseCommandLine('serve', args, { ...sharedOptions, ...serveOptions }, [])
  const { rootsOf, serveUntilStopped } = await import('../serve/serve')
  const roots = rootsOf(values['root'] as string[] | undefined)
  await serveUntilStopped(createProgram({ windows: { roots } }), {
    port: number(values, 'port'),
    host: text(values, 'host'),
    announce: (url) => void print(json ? JSON.stringify({ url }) : `Lupine is at ${url}\nCtrl-C ends it.`),
  })
  return 0
}

function print(text: string): number {
  process.stdout.write(`${text}\n`)
  return 0
}

function report(failure: Failure, json: boolean): number {
  const { code, message, hint } = failure
  if (json) print(JSON.stringify({ error: { code, message, hint } }))
  else process.stderr.write(`${message}\n${hint}\n`)
  return exitCodes[failure.kind]
}

process.exitCode = await main(process.argv.slice(2))
