/** TensorFlow for the commands that train, set up on first use; without it they use the wasm engine. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'

/** The commands that may train or run networks with our own engine. */
const commands = new Set(['finetune', 'train', 'run', 'demo', 'resume', 'check', 'serve'])
const day = 86_400_000
const howTo = 'To set it up: npx lupine setup tensorflow'

/** Loaded late: most commands never need it. */
async function setupTools() {
  const { removeTensorflow, setUpTensorflow, tensorflowCache, tensorflowState } =
    await import('../setup/tensorflow.mjs')
  return { setUpTensorflow, removeTensorflow, tensorflowState, memory: join(tensorflowCache(), 'failed.json') }
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
 * @param {Omit<Awaited<ReturnType<typeof setupTools>>, 'removeTensorflow'>} [given] stand-ins, for tests
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

const setupHelp = `lupine setup tensorflow [options]: get TensorFlow, the fast engine for training

  --gpu           for an NVIDIA GPU (CUDA 12; driver 525 or newer): 3.2 GB to download, 6 GB on disk
  --cpu           for the CPU: 275 MB to download, 850 MB on disk
                  (neither: what the machine has; nvidia-smi tells)
  --from FILE…    wheels on disk instead of a download, for machines without a network:
                  tensorflow_cpu-….whl, or with --gpu tensorflow-….whl and the nvidia_….whl files
  --force         fetch and compile again even when it is there
  --remove        undo the set-up
  --json          one JSON object on stdout

An interrupted download goes on where it was. At the end a convolution is computed and compared. On a machine with a
GPU the last line must read "TensorFlow … is ready (cuda)"; "(cpu)" means that the GPU was not found.`

/** @throws {Error} for an option that is none */
export function parseSetup(argv) {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      ...{ gpu: { type: 'boolean' }, cpu: { type: 'boolean' }, force: { type: 'boolean' }, json: { type: 'boolean' } },
      ...{ remove: { type: 'boolean' }, help: { type: 'boolean' }, from: { type: 'string', multiple: true } },
    },
  })
  const [what, ...files] = positionals
  if (!values.help && what !== 'tensorflow') throw new Error('What should be set up?')
  if (files.length > 0 && !values.from) throw new Error(`What is "${files[0]}"? Files follow --from.`)
  if (values.gpu && values.cpu) throw new Error('Either --gpu or --cpu.')
  const asked = values.gpu ? 'gpu' : values.cpu ? 'cpu' : undefined
  return { ...values, asked, from: [...(values.from ?? []), ...files] }
}

/** `lupine setup tensorflow`: tries now, whatever was remembered. Exit code 0 when TensorFlow is ready. */
export async function runSetup(argv, say) {
  const json = argv.includes('--json')
  const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)
  const refuse = (code, message, hint, exit) => {
    if (json) print({ error: { code, message, hint } })
    else say(`${message}\n${hint}`)
    process.exitCode = exit
  }
  let options
  try {
    options = parseSetup(argv)
  } catch (error) {
    return refuse('usage', error.message, 'lupine setup tensorflow --help says more.', 2)
  }
  if (options.help) return void process.stdout.write(`${setupHelp}\n`)
  const { setUpTensorflow, removeTensorflow, memory } = await setupTools()
  if (options.remove) {
    const removed = removeTensorflow()
    if (json) print({ removed })
    else process.stdout.write(removed.length ? `Removed ${removed.join(', ')}\n` : 'TensorFlow was not set up.\n')
    return
  }
  const { asked, from, force = false } = options
  const state = await setUpTensorflow({ say, force, asked, from, implicit: false })
  if (!state.ok) return refuse('tensorflow-setup', state.reason, state.hint, 1)
  rmSync(memory, { force: true })
  if (json) print({ engine: 'tensorflow', version: state.version, device: state.device, why: state.why ?? '' })
  else process.stdout.write(`TensorFlow ${state.version} is ready (${state.device}).\n`)
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
