import { describe, expect, it } from 'vitest'
import { commands } from '../../../src-main/cli/commands'
import { parseCommandLine } from '../../../src-main/cli/options'
import { commandLine, type CommandName } from '../../../src-renderer/command-line'

/** A shell's words: what is outside of quotes is split at blanks. */
const words = (line: string): string[] =>
  [...line.matchAll(/(?:\\'|[^\s']|'[^']*')+/g)].map(([word]) =>
    word.replaceAll(/'([^']*)'|\\'/g, (_, inside: string | undefined) => inside ?? "'"),
  )

const requests: [CommandName, Record<string, unknown>][] = [
  ['inspect', { model: '/models/a b.onnx', input: '3x320x320' }],
  ['profile', { model: "it's.onnx", device: 'ssh://pi@host?key=/k/id&trust=new', runs: 50 }],
  ['evaluate', { model: 'm.onnx', data: 'cifar10:/d', normalize: 'cifar10', split: 'validation', images: 2000 }],
  ['data', { address: 'images:/a b', model: 'm.onnx', images: 60 }],
  [
    'prune',
    { model: 'm.onnx', keep: 0.5, exclude: ['layer1.0', 'a b'], streams: true, out: 'o.onnx', planOut: 'p.json' },
  ],
  [
    'run',
    {
      ...{ model: 'm.onnx', data: 'sample', device: 'local', out: 'd', accuracy: 0.9, exclude: ['x'] },
      ...{ budget: { latency: 0.6, macs: 0.5, percentile: 95 }, methodOptions: { softness: '0.5' }, trainImages: 100 },
    },
  ],
  ['search', { model: 'm.onnx', data: 'sample', device: 'local', budget: { latency: 0.6 }, exclude: ['x'], out: 'p' }],
  [
    'finetune',
    { model: 'm', data: 'sample', epochs: 2, learningRate: 0.1, warmupEpochs: 1, milestones: [1, 2], out: 'o' },
  ],
  ['explain', { dir: '/p', measure: false }],
  ['staircase', { model: 'm', device: 'local', layer: 'l', fresh: true }],
  ['resume', { dir: '/p' }],
]

describe('a command line that the window copies', () => {
  it.each(requests)('%s is read back as the same request', (name, request) => {
    const [lupine, command, ...rest] = words(commandLine(name, request))
    expect([lupine, command]).toEqual(['lupine', name])
    const row = commands[name]!
    const { values, positionals } = parseCommandLine(name, rest, row.options, row.arguments)
    expect(row.request(values, positionals)).toMatchObject({ request })
  })

  it('has paths where the window has ids', () => {
    const line = commandLine('inspect', { model: 'file:x' }, (address) => address.replace('file:x', '/m/a.onnx'))
    expect(line).toBe('lupine inspect /m/a.onnx')
  })
})
