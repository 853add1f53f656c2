import { describe, expect, it } from 'vitest'
import { readBenchmarkLog, readOperators } from '../../../../src-main/devices/runtimes/benchmark-model'
import { readLayers, readModels } from '../../../../src-main/devices/runtimes/benchncnn'
import { nodesOf } from '../../../../src-main/devices/runtimes/fused-names'
import { trtexecVersion } from '../../../../src-main/devices/runtimes/trtexec-flags'
import { readLayerInfo, readProfile, readTimes } from '../../../../src-main/devices/runtimes/trtexec-output'
import { liteRtCsv, liteRtLog, ncnnLog } from '../../../fixtures/runtimes/outputs'

const unreadable = (message: RegExp) =>
  expect.objectContaining({
    failure: expect.objectContaining({ code: 'runtime-output', message: expect.stringMatching(message) }),
  })

describe('benchmark_model', () => {
  it('tells its timings, whatever else its log holds', () => {
    const { runs, ...timings } = readBenchmarkLog(liteRtLog)
    expect(timings).toEqual({ init: 3214, first: 13532, warmup: 13164.2, inference: 12950.5 })
    expect(runs).toMatchObject({ count: 50, min: 12801, median: 12944, std: 90 })
    expect(() => readBenchmarkLog('Segmentation fault')).toThrowError(unreadable(/Inference timings/))
  })

  it.each(['newer', 'older'] as const)(
    'has operators in the order they run, of the regular runs (%s header)',
    (version) => {
      const operators = readOperators(liteRtCsv(version))
      expect(operators.map(({ name, average }) => [name, average])).toEqual([
        ['[conv1, Relu;bn/Fused]:0', 1.11],
        ['[conv2]:1', 1.39],
        ['[softmax]:2', 0.02],
      ])
      expect(operators[0]).toMatchObject({ type: 'CONV_2D', calls: 1 })
      expect(() => readOperators('node type, first')).toThrowError(unreadable(/Run Order/))
    },
  )
})

describe('benchncnn', () => {
  it('tells networks and, where it was built so, layers', () => {
    expect(readModels(ncnnLog)).toEqual([
      { name: 'squeezenet', min: 7.74, max: 8.11, average: 7.86 },
      { name: 'my model.param int8', min: 17.04, max: 18.91, average: 17.5 },
    ])
    expect(readLayers(ncnnLog)).toEqual([
      { name: 'conv1', type: 'Convolution', times: [1.52, 1.48] },
      { name: 'relu1', type: 'ReLU', times: [0.1, 0.12] },
    ])
    expect(() => readModels('fopen failed')).toThrowError(unreadable(/min = … max/))
  })
})

describe('trtexec', () => {
  it.each([
    ['[TensorRT v8201]', '8.2.1'],
    ['[TensorRT v8601] # trtexec --help', '8.6.1'],
    ['&&&& RUNNING TensorRT.trtexec [TensorRT v100001]', '10.0.1'],
    ['[TensorRT v110100]', '11.1.0'],
    ['trtexec', undefined],
  ])('%s is version %s', (text, version) => {
    expect(trtexecVersion(text)).toBe(version)
  })

  it('has times of a layer in every version: medians, averages, or totals over a count', () => {
    const rows = [{ count: 200 }, { name: 'a', timeMs: 31.4, averageMs: 0.157, medianMs: 0.156, percentage: 8.1 }]
    expect(readProfile(JSON.stringify(rows))).toEqual([{ name: 'a', time: 0.156 }])
    expect(readProfile('[{"count":200},{"name":"a","timeMs":31.4,"averageMs":0.157}]')).toEqual([
      { name: 'a', time: 0.157 },
    ])
    expect(readProfile('[{"count":200},{"name":"a","timeMs":31.4}]')).toEqual([{ name: 'a', time: 0.157 }])
    expect(() => readProfile('[{"name":"a"}]')).toThrowError(unreadable(/layer a .* no time/))
    expect(readLayerInfo('{"Layers":["a + b","c"],"Bindings":["input"]}')).toEqual([
      { name: 'a + b', type: '' },
      { name: 'c', type: '' },
    ])
    expect(readLayerInfo('{"Layers":[{"Name":"a","LayerType":"CaskConvolution","Inputs":[]}]}')).toEqual([
      { name: 'a', type: 'CaskConvolution' },
    ])
  })

  it('warns of what makes its times doubtful', () => {
    const row = (computeMs: number, more = {}) => ({ computeMs, latencyMs: computeMs + 1, ...more })
    expect(readTimes(JSON.stringify([row(1), row(1), row(1.01)])).warnings).toEqual([])
    expect(readTimes(JSON.stringify([row(1), row(2), row(1)])).warnings.join()).toMatch(/unstable/)
    expect(readTimes(JSON.stringify([row(1, { startEnqMs: 3, endEnqMs: 3.9 })])).warnings.join()).toMatch(/enqueue/)
    expect(readTimes(JSON.stringify([row(1, { h2dMs: 1.2 })])).warnings.join()).toMatch(/copying/)
    expect(() => readTimes('[]')).toThrowError(unreadable(/are none/))
    expect(() => readTimes('{"a": 1}')).toThrowError(unreadable(/another form/))
    expect(() => readTimes('Killed')).toThrowError(unreadable(/no JSON/))
  })
})

describe('a kernel', () => {
  const nodes = ['conv1', 'relu1', 'conv10', 'conv2a', 'conv2b', 'pool', 'flatten', 'fc', 'a + b', '/layer1/conv']
  it.each([
    ['conv1 + relu1', ['conv1', 'relu1']],
    ['conv10', ['conv10']],
    ['conv2a || conv2b', ['conv2a', 'conv2b']],
    ['{ForeignNode[pool...fc]}', ['pool', 'flatten', 'fc']],
    ['PWN(relu1)', ['relu1']],
    ['a + b + relu1', ['a + b', 'relu1']],
    ['/layer1/conv + PWN(PWN(relu1))', ['/layer1/conv', 'relu1']],
    ['Reformatting CopyNode for Input Tensor 0 to conv1 + relu1', []],
    ['conv1 + relu1 input reformatter 0', []],
    ['(Unnamed Layer* 3) [Shuffle]', []],
  ])('named %s is of %j', (kernel, expected) => {
    expect(nodesOf(kernel, nodes)).toEqual(expected)
  })
})
