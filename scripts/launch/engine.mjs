/** TensorFlow for the commands that train, set up on first use; without it they use the wasm engine. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The commands that may train or run networks with our own engine. */
const commands = new Set(['finetune', 'train', 'run', 'demo', 'resume', 'check', 'serve'])
const day = 86_400_000
const howTo = 'To set it up: npx lupine setup tensorflow'

/** Loaded late: most commands never need it. */
async function setupTools() {
  const { setUpTensorflow, tensorflowCache, tensorflowState } = await import('../setup/tensorflow.mjs')
  return { setUpTensorflow, tensorflowState, memory: join(tensorflowCache(), 'failed.json') }
}

/** Whether this command line may start TensorFlow. */
export function needsEngine(argv, env = process.env) {
  if (env.LUPINE_NO_SETUP) return false
  const command = argv.find((word) => !word.startsWith('-'))
  if (!commands.has(command) || argv.includes('--help') || argv.includes('-h')) return false
  return engineOf(argv) !== 'wasm'
}

function engineOf(argv) {
  const inline = argv.find((word) => word.startsWith('--engine='))
  const at = argv.indexOf('--engine')
  return inline ? inline.slice('--engine='.length) : at < 0 ? undefined : argv[at + 1]
}

/**
 * Sets TensorFlow up where it isn't. A failure is remembered for a day, so that each command doesn't try for a
 * minute again; --engine tensorflow tries all the same.
 * @param {string[]} argv
 * @param {(line: string) => void} say
 * @param {Awaited<ReturnType<typeof setupTools>>} [given] stand-ins, for tests
 */
export async function prepareEngine(argv, say, given) {
  const tools = given ?? (await setupTools())
  if (tools.tensorflowState().ok) return
  const failed = readFailure(tools.memory)
  if (failed && engineOf(argv) !== 'tensorflow')
    return say(`TensorFlow is not set up (${failed}): the slower WASM engine is used. ${howTo}`)
  say('Setting TensorFlow up (first use, about a minute; LUPINE_NO_SETUP=1 leaves it out) …')
  const state = await tools.setUpTensorflow({ say })
  if (state.ok) return rmSync(tools.memory, { force: true })
  remember(tools.memory, state.reason)
  say(`${state.reason} The slower WASM engine is used instead.\n${state.hint}\n${howTo}`)
}

/** `lupine setup tensorflow`: tries now, whatever was remembered. Exit code 0 when TensorFlow is ready. */
export async function runSetup(argv, say) {
  const json = argv.includes('--json')
  const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)
  if (argv.find((word) => !word.startsWith('-')) !== 'tensorflow') {
    const error = {
      code: 'usage',
      message: 'What should be set up?',
      hint: 'lupine setup tensorflow [--force] [--json]',
    }
    if (json) print({ error })
    else say(`${error.message}\n${error.hint}`)
    process.exitCode = 2
    return
  }
  const { setUpTensorflow, memory } = await setupTools()
  const state = await setUpTensorflow({ say, force: argv.includes('--force') })
  if (state.ok) rmSync(memory, { force: true })
  if (state.ok && json) print({ engine: 'tensorflow', version: state.version, device: state.device })
  else if (state.ok) process.stdout.write(`TensorFlow ${state.version} is ready (${state.device}).\n`)
  else if (json) print({ error: { code: 'tensorflow-setup', message: state.reason, hint: state.hint } })
  else say(`${state.reason}\n${state.hint}`)
  process.exitCode = state.ok ? 0 : 1
}

/** Why the last attempt failed, if that was within a day. */
function readFailure(path) {
  try {
    const { at, reason } = JSON.parse(readFileSync(path, 'utf8'))
    return Date.now() - at < day ? reason : undefined
  } catch {
    return undefined
  }
}

function remember(path, reason) {
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, JSON.stringify({ at: Date.now(), reason }))
  } catch {
    // A cache that can't be written costs a minute next time, no more.
  }
}
