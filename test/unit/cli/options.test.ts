import { criteria } from '../../../src-main/core/pruning/criteria'
import { describe, expect, it } from 'vitest'
import { commands } from '../../../src-main/cli/commands'
import { columns, count, duration } from '../../../src-main/cli/format'
import { helpFor, helpText } from '../../../src-main/cli/help'
import { budget, number, parseCommandLine } from '../../../src-main/cli/options'

describe('budget', () => {
  it('reads fractions', () => {
    expect(budget('latency=0.6')).toEqual({ latency: 0.6 })
    expect(budget('latency=0.6, macs=0.5,params=1')).toEqual({ latency: 0.6, macs: 0.5, params: 1 })
    expect(budget('latency@p95=0.6')).toEqual({ latency: 0.6, percentile: 95 })
  })

  it.each([
    '',
    'latency',
    'speed=0.5',
    'latency=0',
    'latency=1.2',
    'latency=fast',
    'latency=0.5=1',
    'macs@p95=0.5',
    'latency@p20=0.5',
    'latency@px=0.5',
  ])('refuses "%s"', (text) => {
    expect(() => budget(text)).toThrowError(
      expect.objectContaining({ failure: expect.objectContaining({ kind: 'usage', code: 'budget-syntax' }) }),
    )
  })
})

describe('parseCommandLine', () => {
  const prune = commands['prune']!
  const parse = (...args: string[]) => parseCommandLine('prune', args, prune.options, prune.arguments)

  it('reads a command', () => {
    const { values, positionals } = parse(
      'm.onnx',
      '--keep',
      '0.5',
      '--exclude',
      'a',
      '--exclude',
      'b',
      '--out',
      'o.onnx',
    )
    expect(prune.request(values, positionals)).toEqual({
      job: 'prune',
      request: { model: 'm.onnx', keep: 0.5, exclude: ['a', 'b'], out: 'o.onnx' },
    })
  })

  it.each([
    [[], 'lupine prune needs MODEL.'],
    [['a', 'b'], 'lupine prune: what is "b"?'],
    [['a', '--nope'], 'Unknown option'],
  ])('refuses %j', (args, message) => {
    expect(() => parse(...args)).toThrow(message)
  })

  it('refuses a number that is none', () => {
    expect(() => number({ keep: 'half' }, 'keep')).toThrow('--keep "half" is not a number.')
  })
})

describe('help', () => {
  it('names every criterion', () => {
    for (const name of ['prune', 'search', 'run'])
      expect(helpFor(name, commands[name]!)).toContain(`importance: ${Object.keys(criteria).join(' | ')} (l1)`)
  })

  it('lists every command and every option', () => {
    for (const [name, command] of Object.entries(commands)) {
      expect(helpText()).toContain(`  ${name}`)
      for (const option of Object.keys(command.options)) expect(helpFor(name, command)).toContain(`--${option}`)
    }
  })
})

describe('units for people', () => {
  it('are short', () => {
    expect([count(40_551_040), count(269_722), count(512)]).toEqual(['40.6 M', '270 k', '512'])
    expect([duration(59.4), duration(95), duration(3700)]).toEqual(['59 s', '1 min 35 s', '1 h 1 min'])
    expect(
      columns([
        ['a', 'bb'],
        ['ccc', 'd'],
      ]),
    ).toBe('a    bb\nccc  d')
  })
})
