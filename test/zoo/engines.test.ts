import { beforeAll, describe, expect, test } from 'vitest'
import { lowerings } from '../../src-main/engines/compiler/lowering'
import { compile } from '../../src-main/engines/compiler/compile'
import type { ForwardRequest } from '../../src-main/engines/interface'
import { forwardModel as inOnnxruntime } from '../../src-main/engines/onnxruntime/forward'
import { openTensorFlow } from '../../src-main/engines/tensorflow/backend'
import { forwardModel } from '../../src-main/engines/training/forward'
import type { Backend } from '../../src-main/engines/training/session'
import { openWasm } from '../../src-main/engines/wasm/backend'
import { loadOnnx } from '../../src-main/formats/onnx/files'
import { checkNetwork } from '../../src-main/program/check'
import { inputsToTry } from '../../src-main/program/check-input'
import type { Forwarder } from '../../src-main/program/compare'
import { withoutTensorFlow } from '../fixtures/engines/tools'
import { notForOnnxruntime, notNative, randomized, withoutZoo, zooFiles, zooPath } from '../fixtures/engines/zoo'

const reference: Forwarder = { call: (_, request: ForwardRequest) => inOnnxruntime(request) }
const inProcess = (backend: Backend): Forwarder => ({
  call: (_, request: ForwardRequest) => forwardModel(backend, request),
})

/** As it is in the file; where the weights are placeholders, with random ones. */
const loaded = async (file: string) => {
  const network = await loadOnnx(zooPath(file))
  return file.includes('/light-') ? randomized(network) : network
}

const checked = zooFiles.filter((file) => !(file in notForOnnxruntime))
// WASM takes seconds for the giants, whose operators the others have too.
const small = checked.filter((file) => !/vgg19|alexnet|zfnet|inception|light-resnet50|super-resolution/.test(file))

const engines: [string, () => Backend | Promise<Backend>, readonly string[], string | undefined][] = [
  ['tensorflow', openTensorFlow, checked, withoutTensorFlow],
  ['wasm', openWasm, small, undefined],
]

describe.each(engines)('%s', (_, open, files, missing) => {
  // A suite without tests is an error, even one to be skipped.
  const named = files.length ? files : ['the zoo']
  let engine: Forwarder
  beforeAll(async () => {
    if (!missing && !withoutZoo) engine = inProcess(await open())
  })

  test.skipIf(missing ?? withoutZoo).each(named)('%s as in onnxruntime', async (file) => {
    const { run, opaque, outputs } = await checkNetwork(await loaded(file), reference, engine)
    expect(opaque).toEqual([])
    expect(run).toBeGreaterThan(0)
    for (const { name, maxRelDiff } of outputs) expect(maxRelDiff, name).toBeLessThan(1e-4)
  })
})

describe.skipIf(withoutZoo)('the whole zoo', () => {
  test('at least 98 % of the nodes that onnxruntime runs are native; all others are listed with a reason', async () => {
    let [run, opaque] = [0, 0]
    const rootless = new Set<string>()
    for (const file of zooFiles) {
      const network = await loadOnnx(zooPath(file))
      const [{ shape }] = inputsToTry(network)
      const compiled = compile(network, { inputShape: shape, partial: true })
      if (!(file in notForOnnxruntime)) {
        run += compiled.nodesRun
        opaque += compiled.opaque.length
      }
      for (const { node } of compiled.opaque)
        if (node.domain || !lowerings[node.op]) rootless.add(node.domain ? `${node.domain}:${node.op}` : node.op)
    }
    expect([...rootless].sort()).toEqual(Object.keys(notNative).sort())
    expect(run / (run + opaque)).toBeGreaterThanOrEqual(0.98)
  })

  test.each(Object.entries(notForOnnxruntime))('%s is refused by onnxruntime: %s', async (file) => {
    const request = { model: zooPath(file), input: '', shape: [1, 3, 32, 32], into: '' }
    await expect(inOnnxruntime({ ...request, input: zooPath(file) })).rejects.toMatchObject({
      failure: { code: 'onnxruntime-refused' },
    })
  })
})
