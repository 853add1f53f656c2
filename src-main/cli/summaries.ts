import type { CallResult, JobResult } from '../contract'
import { columns, count, duration, milliseconds, percent } from './format'

/** Results as people read them, one function per command. */

export function inspect(result: CallResult<'model.inspect'>): string {
  const shape = (value: { name: string; shape: readonly (number | string)[] }) =>
    `${value.name} [${value.shape.join(', ')}]`
  const groups = result.groups.map((group) => [
    group.id,
    String(group.channels),
    group.prunable ? (group.stream ? 'residual stream' : 'yes') : `no: ${group.why ?? ''}`,
  ])
  return [
    `${result.producer || 'unknown producer'}, opset ${result.opset}, ${result.nodes} nodes after clean-up`,
    `in  ${result.inputs.map((input) => shape(input) + (input.assumed ? `, taken as ${input.assumed.join('x')}` : '')).join('; ')}`,
    `out ${result.outputs.map(shape).join('; ')}`,
    `${count(result.macs)} MACs, ${count(result.params)} parameters, ${count(result.bytes)} bytes, ${count(result.peakActivationBytes)} bytes of activations at most`,
    ...(result.opaque.length > 0 ? [`not understood, so what reaches them stays whole: ${opaque(result.opaque)}`] : []),
    '',
    columns([['group', 'channels', 'prunable'], ...groups]),
  ].join('\n')
}

/** By operator, with the first one's name: a quantised network has hundreds. */
function opaque(nodes: CallResult<'model.inspect'>['opaque']): string {
  const byOp = new Map<string, string[]>()
  for (const { op, name } of nodes) byOp.set(op, [...(byOp.get(op) ?? []), name])
  return [...byOp]
    .map(([op, names]) => `${op} × ${names.length} ("${names[0]}"${names.length > 1 ? ', …' : ''})`)
    .join(', ')
}

export const check = (result: CallResult<'model.check'>): string =>
  `${result.engine} against onnxruntime on ${result.samples} inputs: largest difference ${result.maxAbsDiff.toExponential(2)}, ` +
  `${result.maxRelDiff.toExponential(2)} of the outputs' range; ${result.nodes.run} nodes run, ${result.nodes.opaque} opaque` +
  result.opaque
    .slice(0, 10)
    .map(({ op, name, why }) => `\n  ${op} "${name}": ${why}`)
    .join('') +
  half(result.half)

/** How a file in half precision compares as it is. */
function half(agreement: CallResult<'model.check'>['half']): string {
  if (!agreement) return ''
  if ('refused' in agreement) return `\nin half precision, as exported: not compared. ${agreement.refused}`
  const verdict = agreement.agrees ? 'as rounding explains' : 'more than rounding explains: please report this model'
  return `\nin half precision, as exported: ${agreement.maxRelDiff.toExponential(2)} of the outputs' range, ${verdict}`
}

export const prune = (result: CallResult<'model.prune'>): string =>
  [
    columns([
      ['', 'before', 'after', 'left'],
      ...(['channels', 'macs', 'params'] as const).map((key) => {
        const { before, after } = result[key]
        return [key, count(before), count(after), percent(after / before)]
      }),
    ]),
    `against the masked original: largest difference ${result.equivalence.maxAbsDiff.toExponential(2)} of a range of ${result.equivalence.outputRange.toPrecision(3)}`,
    ...result.warnings.map((text) => `note: ${text}`),
    `wrote ${result.files.join(', ')}`,
  ].join('\n')

export const created = (result: CallResult<'model.new'>): string =>
  `${count(result.macs)} MACs, ${count(result.params)} parameters; wrote ${result.files.join(', ')}`

export const report = ({ report: path, bytes }: CallResult<'projects.report'>): string =>
  `wrote ${path} (${Math.ceil(bytes / 1000)} kB)`

export function profile(result: JobResult<'profile'>): string {
  const slowest = [...result.layers].sort((a, b) => b.median - a.median).slice(0, 10)
  return [
    `${result.device.machine}, ${result.device.runtime} ${result.device.version}, ${result.device.threads} thread(s)`,
    `median ${milliseconds(result.median)} ± ${milliseconds(result.mad)} (MAD), p90 ${milliseconds(result.p90)}, p99 ${milliseconds(result.p99)}, min ${milliseconds(result.min)}, ${result.samples.length} samples, ${result.discarded} discarded`,
    `cleaned up: ${milliseconds(result.sentinel.median)}; drift ${percent(result.sentinel.drift)}`,
    '',
    columns([['slowest layers', 'op', 'ms'], ...slowest.map(({ name, op, median }) => [name, op, median.toFixed(4)])]),
  ].join('\n')
}

export function staircase(result: JobResult<'staircase'>): string {
  const layers = result.layers.map(({ name, alike, points, steps }) => {
    const whole = points.at(-1)!
    const up = steps.filter(({ kind }) => kind === 'step').map(({ from, to }) => `${from}→${to}`)
    const down = steps.filter(({ kind }) => kind === 'penalty').map(({ from, to }) => `${from}→${to}`)
    const least = Math.min(...points.map(({ ratio }) => ratio))
    return [
      ...[name, String(whole.cin), String(whole.cout), String(alike)],
      `${((1 - least) * result.sentinel).toFixed(4)}`,
      `${up.join(' ') || 'none'}${down.length > 0 ? `; slower: ${down.join(' ')}` : ''}`,
    ]
  })
  const cached = result.cached > 0 ? `, ${result.cached} known from earlier work` : ''
  return [
    `${result.device.machine}, ${result.device.runtime} ${result.device.version}: ${milliseconds(result.sentinel)} unpruned`,
    `${result.measured} networks measured in ${duration(result.seconds)}${cached}`,
    '',
    columns([['layer', 'in', 'out', 'alike', 'ms to gain', 'steps (channels from → to)'], ...layers]),
  ].join('\n')
}

export function predict(result: JobResult<'predict'>): string {
  const row = (name: string, { mape, p95, spearman }: { mape: number; p95?: number; spearman: number }) => [
    ...[name, percent(mape), p95 === undefined ? '' : percent(p95), spearman.toFixed(3)],
  ]
  const kinds = Object.entries(result.byKind).map(([kind, figures]) => [
    ...row(`  ${kind} (${figures.plans})`, figures),
    percent(figures.macsLinear),
  ])
  const cached = result.cached > 0 ? `, ${result.cached} known from earlier work` : ''
  return [
    `model from ${result.measured} networks measured in ${duration(result.seconds)}${cached}; judged on ${result.holdout.length} unseen plans`,
    columns([
      ['', 'MAPE', 'p95', 'Spearman', 'MAPE by MACs'],
      [...row('prediction', result), percent(result.baseline.macsLinear.mape)],
      ...kinds,
      [...row('measuring floor', result.floor), ''],
    ]),
    `${percent(result.coverage)} of the plans lie inside their 95 % interval`,
  ].join('\n')
}

export function data({ classes, shape, splits, notes }: CallResult<'data.preview'>): string {
  const named = Object.entries(splits)
  const sizes = named.map(([name, { images }]) => `${name} ${images}`).join(' · ')
  const rows = classes.map((name, i) => [name, ...named.map(([, { perClass }]) => String(perClass[i] ?? 0))])
  return [
    `${classes.length} classes, ${shape.channels}×${shape.height}×${shape.width} (channels × height × width)`,
    `images: ${sizes}`,
    ...(classes.length > 0 ? [columns([['class', ...named.map(([name]) => name)], ...rows])] : []),
    ...notes,
  ].join('\n')
}

export const evaluate = (result: JobResult<'evaluate'>): string =>
  `top-1 ${percent(result.top1)}, top-5 ${percent(result.top5)} of ${result.images} ${result.split} images in ${duration(result.seconds)} (${result.engine}, normalisation ${result.normalize})`

export const search = (result: JobResult<'search'>): string =>
  [
    `${result.method}: ${result.distinct} distinct plans evaluated in ${duration(result.seconds)}`,
    `best: divergence ${result.best.fitness.toPrecision(4)}, latency ${ratio(result.best.latency.measured)} measured (${ratio(result.best.latency.predicted)} predicted) of the original`,
    `baselines: random ${precise(result.baselines.random)}, uniform ${precise(result.baselines.uniform)}`,
    ...result.warnings.map((text) => `note: ${text}`),
    `wrote ${result.plan}`,
  ].join('\n')

const ratio = (value: number | null): string => value?.toFixed(3) ?? 'not'

const precise = (value: number | null): string => value?.toPrecision(4) ?? 'none met the budget'

export const finetune = (result: JobResult<'finetune'>): string =>
  `validation top-1${result.judgedBy === 'teacher' ? " against the teacher's answers" : ''} ${percent(result.top1.before)} → ${percent(result.top1.after)} in ${result.epochs.length} epochs${result.kept.rule === 'best' ? ` (the best: epoch ${result.kept.epoch})` : ''}, ${Math.round(result.imagesPerSecond)} images/s (${result.engine})`

type Agreement = JobResult<'run'>['agreement']

export function run(result: JobResult<'run'>): string {
  const { before, after, speedup, agreement } = result
  const predicted = speedup.predicted === null ? '' : ` (predicted ${speedup.predicted.toFixed(2)}×)`
  const total = Object.values(result.seconds).reduce((a, b) => a + b, 0)
  return [
    columns([
      ['', 'original', 'result', 'left'],
      [
        'top-1 (test)',
        percent(before.top1),
        percent(after.top1),
        `${((after.top1 - before.top1) * 100).toFixed(2)} points`,
      ],
      [
        'latency',
        milliseconds(before.latency.median),
        milliseconds(after.latency.median),
        percent(1 / speedup.measured),
      ],
      ...(['macs', 'params', 'bytes'] as const).map((key) => [
        key,
        count(before[key]),
        count(after[key]),
        percent(after[key] / before[key]),
      ]),
    ]),
    '',
    `${speedup.measured.toFixed(2)}× faster than the cleaned original, measured in fresh processes${predicted}; clean-up alone ${speedup.graph.toFixed(2)}×`,
    `exported file against the engine: largest difference ${agreement.maxAbsDiff.toExponential(1)}, same answer on ${percent(agreement.top1)}`,
    ...(agreement.device ? [onDevice(agreement.device)] : []),
    `${duration(total)} in all, engine ${result.engine}`,
    `model ${result.files.find((file) => file.endsWith('model.onnx')) ?? ''}, plan ${result.plan}`,
  ].join('\n')
}

const onDevice = ({ maxAbsDiff, outputRange, top1, images }: NonNullable<Agreement['device']>): string =>
  `on the device, ${images} images: outputs differ by ${(maxAbsDiff / outputRange).toExponential(1)} of their range at most, same answer on ${percent(top1)}`

export function devices(
  result: CallResult<'devices.list'> | CallResult<'devices.forget'> | CallResult<'devices.state'>,
): string {
  if ('state' in result) return stateText(result)
  if ('forgot' in result) {
    const what = result.cleaned ? ', its host key, and what was copied there' : ' and its host key'
    return [`Forgot ${result.forgot.name} (${result.forgot.address})${what}.`, ...result.notes].join('\n')
  }
  const { saved, serialPorts, local, tensorflow, notes } = result
  const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GB`
  const ports = serialPorts.map(({ path, manufacturer = '', vendorId, productId }) => [
    `  ${path}`,
    manufacturer,
    vendorId ? `USB ${vendorId}:${productId ?? ''}` : '',
  ])
  return [
    `local: ${local.cpu} (${local.arch}), ${local.cores.usable} of ${local.cores.all} cores, ${gigabytes(local.memory.total)} of memory, ${local.os}`,
    saved.length > 0 ? 'saved:' : 'saved: none',
    ...(saved.length > 0
      ? [columns(saved.map(({ name, address, lastUsed }) => [`  ${name}`, address, lastUsed]))]
      : []),
    ports.length > 0 ? 'serial ports:' : 'serial ports: none found',
    ...(ports.length > 0 ? [columns(ports)] : []),
    tensorflow.device
      ? `TensorFlow ${tensorflow.version ?? ''} on ${tensorflow.device === 'cuda' ? 'CUDA' : 'the CPU'}, training in ${tensorflow.precision}: ${tensorflow.why}`
      : `TensorFlow: ${tensorflow.why}`,
    ...(tensorflow.hint ? [`  ${tensorflow.hint}`] : []),
    ...notes.map((text) => `note: ${text}`),
  ].join('\n')
}

function stateText({ state, why = '' }: CallResult<'devices.state'>): string {
  if (!state) return why
  const { clocks, temperatures, governor, load, throttled } = state
  return columns([
    ['clocks', clocks.map((one) => `${Math.round(one)} MHz`).join(', ') || 'not told'],
    ['temperatures', temperatures.map((one) => `${one.toFixed(1)} °C`).join(', ') || 'not told'],
    ...(governor ? [['governor', governor]] : []),
    ...(load === undefined ? [] : [['load', load.toFixed(2)]]),
    ...(throttled === undefined ? [] : [['throttled', throttled ? 'yes' : 'no']]),
  ])
}

export function methods({ methods: list }: CallResult<'methods.list'>): string {
  const explain = (method: (typeof list)[number]): string => {
    const none = method.targetOptional ? ', or nothing' : ''
    const lines = [
      method.about,
      `  target: ${method.targets.join(', ') || 'none'}${none}${method.because ? ` (${method.because})` : ''}`,
      ...method.options.map(
        ({ name, about, value, choices }) => `  --set ${name}=${choices?.join('|') ?? 'X'}: ${about} (${value})`,
      ),
    ]
    return `${method.name}: ${lines.join('\n')}`
  }
  return list.map(explain).join('\n')
}

/** The bundle itself, to be read before it is sent; where it was written, only that. */
export const diagnosis = ({ bundle, files }: CallResult<'program.diagnose'>): string =>
  files.length > 0 ? `Written to ${files[0]}. Read it before you give it away.` : JSON.stringify(bundle, null, 2)
