import { describe, expect, it } from 'vitest'
import { commands } from '../../../src-main/cli/commands'
import { parseCommandLine } from '../../../src-main/cli/options'
import { listMethods } from '../../../src-main/program/methods'
import { commandLine, quoted } from '../../../src-renderer/command-line'
import { startForm, startRequest, type StartForm } from '../../../src-renderer/features/search/start-request'

const workspace = {
  model: '/m/res net.onnx',
  input: '',
  data: 'cifar10:/d',
  normalize: '',
  holdout: '',
  device: 'local',
}
const { methods } = listMethods({})

const made = (change: Partial<StartForm>) => {
  const form = { ...startForm.parse({}), out: '/p/run 1', ...change }
  return startRequest(
    form,
    workspace,
    methods.find(({ name }) => name === form.method),
  )
}

/** What the command line makes of the text that people copy. */
function readBack(text: string): unknown {
  const words = [...text.matchAll(/'((?:[^']|'\\'')*)'|(\S+)/g)].map(([, inner, plain]) => inner ?? plain!)
  expect(words.slice(0, 2)).toEqual(['lupine', 'run'])
  const command = commands['run']!
  const { values, positionals } = parseCommandLine('run', words.slice(2), command.options, command.arguments)
  return command.request(values, positionals)
}

describe('the command line that is copied', () => {
  it.each<[string, Partial<StartForm>]>([
    ['a latency budget', {}],
    ['a percentile and a second cost', { percentile: '95', macs: '0.5' }],
    ['an accuracy to keep', { goal: 'accuracy', accuracy: '0.91' }],
    ['a fraction of the channels', { goal: 'keep', keep: '0.4', method: 'fpgm' }],
    [
      'a method with options of its own',
      { method: 'asfp', set: { softness: '0.5', hard: 'cosine', unknown: '1' }, methodEpochs: '20' },
    ],
    [
      'everything',
      {
        ...{ criterion: 'taylor', nextLayer: true, bn: 'keep', evaluations: '400', refine: '0', epochs: '0' },
        ...{ trainImages: '5000', engine: 'wasm', seed: '7', distillation: '0.5', streams: true },
        ...{ exclude: 'layer1.0.conv1, a layer with spaces' },
      },
    ],
  ])('asks for what the form asks for: %s', (_, change) => {
    const { request, complaints } = made(change)
    expect(complaints).toEqual({})
    expect(readBack(commandLine('run', request))).toEqual({ job: 'run', request })
  })

  it('keeps words together that a shell would take apart', () => {
    expect(quoted("it's here; rm -rf /")).toBe(`'it'\\''s here; rm -rf /'`)
    expect(quoted('ssh://pi@10.0.0.7')).toBe('ssh://pi@10.0.0.7')
  })
})

describe('the form', () => {
  it('says what is missing, and what is no number', () => {
    const { complaints } = made({ latency: '1.4', evaluations: '12.5', seed: 'x', out: ' ' })
    expect(Object.keys(complaints).sort()).toEqual(['evaluations', 'latency', 'out', 'seed'])
    expect(made({ goal: 'accuracy' }).complaints).toHaveProperty('accuracy')
    expect(made({ latency: '' }).complaints).toHaveProperty('latency')
  })

  it('leaves whole what was named here and what was marked in the Model room, each once', () => {
    const form = { ...startForm.parse({}), out: '/p', exclude: ' a ,, b' }
    expect(startRequest(form, workspace, undefined, ['b', 'c']).request.exclude).toEqual(['b', 'c', 'a'])
    expect(made({}).request).not.toHaveProperty('exclude')
    expect(startRequest(form, { ...workspace, holdout: 'images:/h' }, undefined).request.holdout).toBe('images:/h')
  })

  it('asks nothing of a method that needs no target', () => {
    expect(made({ latency: '', method: 'ista' }).complaints).toEqual({})
  })
})
