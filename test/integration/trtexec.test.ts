/** TensorRT's benchmark as far as it can be had here: a stand-in that takes each version's options and no others. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nodesOf } from '../../src-main/devices/runtimes/fused-names'
import { Trtexec, type TrtexecHost, typicalBuild } from '../../src-main/devices/runtimes/trtexec'
import { temporaryFolder } from '../fixtures/temporary'

const standIn = join(import.meta.dirname, '../fixtures/runtimes/trtexec.mjs')

function host(version: string) {
  const folder = temporaryFolder('trtexec')
  const log = join(folder, 'log')
  const here: TrtexecHost = {
    run(options) {
      const env = { ...process.env, TRT_VERSION: version, TRT_LOG: log }
      const { status, stdout } = spawnSync(process.execPath, [standIn, ...options], { env, encoding: 'utf8' })
      return Promise.resolve({ code: status ?? 1, said: stdout })
    },
    read: (path) => Promise.resolve(readFileSync(path, 'utf8')),
    has: (path) => Promise.resolve(existsSync(path)),
  }
  const onnx = join(folder, 'model.onnx')
  writeFileSync(onnx, 'a network')
  return { here, folder, onnx, commands: () => readFileSync(log, 'utf8').trim().split('\n') }
}

describe.each(['8.2.1', '8.6.1', '10.0.1', '11.1.0'])('trtexec %s', (version) => {
  it.each(version === '8.6.1' ? (['fp32', 'fp16', 'int8'] as const) : (['fp16'] as const))(
    'builds several engines in %s, once, and times them',
    async (precision) => {
      const { here, folder, onnx, commands } = host(version)
      const trtexec = new Trtexec(here, folder, precision)
      const effort = { builds: 2, seconds: 1, rounds: 30 }
      const measured = await trtexec.measure(onnx, 'model', effort)
      expect(measured).toMatchObject({ version, warnings: [], builds: [{ length: 30 }, { length: 30 }] })
      expect(typicalBuild(measured)).toBeCloseTo(1.51, 6)
      const layers = await trtexec.layers(onnx, 'model', 1)
      expect(layers.map(({ time }) => time)[1]).toBe(version === '8.2.1' ? 0.157 : 0.156)
      expect(layers.map(({ name }) => nodesOf(name, ['conv1', 'relu1', 'conv2a', 'conv2b', 'pool', 'fc']))).toEqual([
        ...[[], ['conv1', 'relu1'], ['conv2a', 'conv2b'], ['pool', 'fc']],
      ])
      await trtexec.measure(onnx, 'model', effort)
      const builds = commands().filter((command) => command.includes('--onnx'))
      expect(builds).toHaveLength(2)
      expect(new Set(builds.map((command) => /timingCacheFile=(\S+)/.exec(command)?.[1])).size).toBe(1)
      expect(builds[0]!.includes('--fp16')).toBe(precision !== 'fp32')
      expect(commands().some((command) => command.includes('--noDataTransfers'))).toBe(version !== '11.1.0')
    },
  )

  it('that fails says why', async () => {
    const { here, folder, onnx } = host(version)
    writeFileSync(onnx, 'unsupported')
    const measuring = new Trtexec(here, folder, 'fp32').measure(onnx, 'model', { builds: 1, seconds: 1, rounds: 10 })
    await expect(measuring).rejects.toMatchObject({
      failure: { kind: 'device', code: 'trtexec-failed', message: expect.stringContaining('No importer registered') },
    })
  })
})
