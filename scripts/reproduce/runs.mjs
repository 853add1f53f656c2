/** Runs of `lupine run` that are made once, and gone on with where they stopped. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { curvesOf, eventsOf, workedMinutes } from './events.mjs'

const lupine = join(dirname(dirname(fileURLToPath(import.meta.url))), 'lupine.mjs')

export const say = (line) => void process.stderr.write(`${line}\n`)

/** What is given on the command line: what every reproduction takes, and its own. Ends the process when it is too little. */
export function givenOptions(own) {
  const shared = {
    model: { type: 'string' },
    data: { type: 'string' },
    device: { type: 'string', default: 'local?threads=1' },
    evaluations: { type: 'string', default: '160' },
    'train-images': { type: 'string' },
  }
  const { values } = parseArgs({ options: { ...shared, ...own } })
  if (values.model && values.data) return values
  say('Give --model FILE and --data DATA, such as --data cifar10:DIR.')
  process.exit(2)
}

/** The arguments of `lupine run` that follow from them. */
export const sharedArguments = (values, seed, epochs) => [
  ...[values.model, '--data', values.data, '--device', values.device, '--evaluations', values.evaluations],
  ...['--epochs', String(epochs), '--seed', String(seed), '--refine', '0'],
  ...(values['train-images'] ? ['--train-images', values['train-images']] : []),
]

/** The command line's JSON answer. Its progress goes to stderr. @throws Error with what it said */
export function callLupine(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [lupine, ...args, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) resolve(JSON.parse(output))
      else reject(new Error(`lupine ${args[0]} ended with ${signal ?? code}: ${output.trim()}`))
    })
  })
}

/**
 * A run's result, with the minutes worked and the curves of its trainings: from earlier, or of a run that was
 * interrupted and is gone on with, or of a new one.
 * @param folder of all runs
 * @param name of this one
 * @param args of `lupine run`, without --out
 */
export async function runOnce(folder, name, args) {
  mkdirSync(folder, { recursive: true })
  const [project, answer] = [join(folder, name), join(folder, `${name}.json`)]
  if (existsSync(answer)) return JSON.parse(readFileSync(answer, 'utf8'))
  say(`${name}: ${existsSync(project) ? 'going on' : args.join(' ')}`)
  // A folder without a project file is one whose making was interrupted.
  if (existsSync(project) && !existsSync(join(project, 'project.json'))) rmSync(project, { recursive: true })
  const result = existsSync(project)
    ? await callLupine(['resume', project])
    : await callLupine(['run', ...args, '--out', project])
  const events = eventsOf(project)
  const told = { ...result, minutes: workedMinutes(events), curves: curvesOf(events) }
  writeFileSync(answer, `${JSON.stringify(told)}\n`)
  return told
}

export const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length

/** Half the width of the 95 % interval of a mean (Student's t); undefined for fewer than two values. */
export function halfInterval(list) {
  if (list.length < 2) return undefined
  const t = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26][list.length - 2] ?? 1.96
  const centre = mean(list)
  const variance = list.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (list.length - 1)
  return t * Math.sqrt(variance / list.length)
}

/** "0.9119 ± 0.0021", without the interval where there is none. */
export function withInterval(list, digits) {
  const half = halfInterval(list)
  return `${mean(list).toFixed(digits)}${half === undefined ? '' : ` ± ${half.toFixed(digits)}`}`
}
