import type { JobResult } from '../contract'
import { columns, count, milliseconds } from './format'

type Result = JobResult<'explain'>
type Layer = Result['layers'][number]

/** Layers that make no difference are counted, not listed: below this part of the network's time, before and saved. */
const listed = 0.01

/** `lupine explain` for people: the network, the largest losses, every layer that matters. */
export function explain(result: Result): string {
  const { network, layers, unattributed, missing, device } = result
  const matters = ({ ms, macs, reason }: Layer): boolean =>
    macs.before > 0 ||
    Math.abs(ms.before - ms.after) > listed * network.ms.before ||
    ms.before > listed * network.ms.before ||
    /slower/.test(reason)
  const shown = layers.filter(matters)
  const rest = layers.filter((layer) => !matters(layer))
  const sum = (read: (layer: Layer) => number): number => rest.reduce((all, layer) => all + read(layer), 0)
  const other =
    rest.length === 0
      ? []
      : [
          row(
            `${rest.length} others`,
            { before: sum(({ macs }) => macs.before), after: sum(({ macs }) => macs.after) },
            {
              before: sum(({ ms }) => ms.before),
              after: sum(({ ms }) => ms.after),
            },
          ),
        ]
  const lossOf = (name: string): string => {
    const { reason, advice, missed } = layers.find((layer) => layer.name === name)!
    return `  ${name} (${missed.toFixed(3)} ms missed): ${reason}${advice ? `\n    ${advice}` : ''}`
  }
  return [
    `${device.machine}, ${device.runtime} ${device.version}: ${milliseconds(network.ms.before)} before, ${milliseconds(network.ms.after)} after`,
    network.summary,
    '',
    columns([
      ['layer', 'channels', 'MACs', '', 'ms', '', 'saved', 'why'],
      ...shown.map((layer) => row(layer.name, layer.macs, layer.ms, widths(layer), layer.reason)),
      ...other,
      row('unattributed', undefined, unattributed, '', unattributedWhy(unattributed)),
      row('network', network.macs, network.ms),
    ]),
    ...(result.losses.length > 0 ? ['', 'largest losses first:', ...result.losses.slice(0, 10).map(lossOf)] : []),
    ...missing.map((text) => `note: ${text}`),
  ].join('\n')
}

function row(
  name: string,
  macs: { before: number; after: number } | undefined,
  ms: { before: number; after: number },
  channels = '',
  why = '',
): string[] {
  const pair = macs && macs.before > 0 ? [count(macs.before), `→ ${count(macs.after)}`] : ['', '']
  const saved = ms.before - ms.after
  return [name, channels, ...pair, ms.before.toFixed(3), `→ ${ms.after.toFixed(3)}`, saved.toFixed(3), why]
}

/** "16→13", of the channels it makes, or reads where those stay. */
function widths({ groups }: Layer): string {
  const cut = groups.filter(({ kept, channels }) => kept < channels)
  return cut
    .map(({ kept, channels }, i) => `${i === 0 && cut[0] !== groups[0] ? 'in ' : ''}${channels}→${kept}`)
    .join(', ')
}

function unattributedWhy({ before, after }: { before: number; after: number }): string {
  return Math.min(before, after) < 0 ? 'profiling slows the layers themselves' : 'between the kernels'
}
