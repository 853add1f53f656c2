/** `electron-builder --dir` around a stand-in for Electron's binary: what is in a package, and that it runs. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { getCurrentFuseWire, FuseV1Options } from '@electron/fuses'
import { extractAll, listPackage } from '@electron/asar'
import { beforeAll, describe, expect, it } from 'vitest'
import { packedNames, thirdParties } from '../../scripts/package/notices.mjs'
import { temporaryFolder } from '../fixtures/temporary'
import { standInElectron } from './stand-in'

interface Builder {
  build(options: object): Promise<string[]>
  readonly Platform: Record<string, { createTarget(type: string, arch: number): unknown }>
  readonly Arch: Record<string, number>
}
const { build, Platform, Arch } = createRequire(import.meta.url)('electron-builder') as Builder
/** A fuse's state is a digit. */
const enabled = '1'.charCodeAt(0)
const root = join(import.meta.dirname, '../..')
const own = { linux: 'LINUX', darwin: 'MAC', win32: 'WINDOWS' }[process.platform as 'linux'] ?? 'LINUX'

let packed: string
let resources: string
/** Of the archive and beside it, with / in front. */
let files: { path: string; unpacked: boolean; bytes: number }[]
/** All of it as plain files: what Electron shows the program, without Electron. */
let plain: string

beforeAll(async () => {
  const folder = temporaryFolder('package')
  const config = {
    extends: 'electron-builder.yml',
    electronDist: standInElectron(join(folder, 'electron')),
    directories: { output: join(folder, 'out'), buildResources: 'resources/icons' },
  }
  const targets = Platform[own]!.createTarget('dir', Arch[process.arch]!)
  await build({ projectDir: root, targets, config, publish: 'never' })
  packed = join(folder, 'out', `${own === 'LINUX' ? 'linux' : own === 'MAC' ? 'mac' : 'win'}-unpacked`)
  if (!existsSync(packed)) packed = join(folder, 'out', `linux-${process.arch}-unpacked`)
  resources = join(packed, 'resources')
  const archive = join(resources, 'app.asar')
  plain = join(folder, 'plain')
  mkdirSync(plain)
  extractAll(archive, plain)
  const beside = `${archive}.unpacked`
  files = listPackage(archive, { isPack: false }).flatMap((path) => {
    const found = statSync(join(plain, path))
    return found.isFile() ? [{ path, unpacked: existsSync(join(beside, path)), bytes: found.size }] : []
  })
})

const paths = (pattern: RegExp) => files.filter(({ path }) => pattern.test(path))

describe('a package', () => {
  it('is below 250 MB without Electron', () => {
    const megabytes = files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6
    console.log(`${megabytes.toFixed(1)} MB in ${files.length} files`)
    expect(megabytes).toBeLessThan(250)
  })

  it('has the program, its page, the agent and the sample', () => {
    for (const path of ['/out/main/index.js', '/out/main/cli.js', '/out/main/engine.js', '/out/preload/preload.cjs'])
      expect(paths(/^\/out\//).map((one) => one.path)).toContain(path)
    expect(paths(/^\/out\/renderer\/index\.html$|^\/resources\/(agent|sample)\/.*\.(py|onnx)$/)).toHaveLength(3)
    expect(paths(/\.(map|d\.[mc]?ts|tsx?|vue)$|^\/(src-|test|scripts|\.)/)).toEqual([])
  })

  it('has this platform’s natives outside of the archive, and boards’; no others', () => {
    const natives = paths(/\.(node|dll|dylib|wasm)$|\.so[.\d]*$/)
    expect(natives.filter(({ unpacked }) => !unpacked)).toEqual([])
    const ours = new RegExp(
      `${process.platform}[-/]${process.arch}|node_modules/@img/[^/]*${process.platform}-${process.arch}`,
    )
    const boards = /onnxruntime-node\/bin\/napi-v\d+\/linux\//
    const anywhere = /\.wasm$|tfjs_binding\.node$|prebuilds\/[^/]*\+/
    const strays = natives.filter(({ path }) => !ours.test(path) && !boards.test(path) && !anywhere.test(path))
    expect(strays.map(({ path }) => path)).toEqual([])
    for (const part of [
      /libonnxruntime|onnxruntime\.dll/,
      /sharp-.*\.node$/,
      /bindings-cpp\/prebuilds\/.*\.node$/,
      /tfjs-backend-wasm.*simd\.wasm$/,
    ])
      expect(
        natives.some(({ path }) => part.test(path)),
        String(part),
      ).toBe(true)
  })

  it('has of TensorFlow.js what Node loads, and nothing else', () => {
    const scripts = paths(/node_modules\/@tensorflow\/.*\.js$/).map(({ path }) => path)
    expect(scripts.sort()).toEqual([
      '/node_modules/@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.node.js',
      '/node_modules/@tensorflow/tfjs-core/dist/tf-core.node.js',
    ])
  })

  it('has packages that the allow-list names, and notices of all of them', () => {
    const isAllowed = packedNames(root)
    const there = new Set(
      paths(/^\/node_modules\/.*package\.json$/)
        .map(({ path }) => /^\/node_modules\/((?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(path)?.[1])
        .filter((name) => name !== undefined),
    )
    const noticed = new Set(thirdParties(root).map(({ name }) => name))
    expect([...there].filter((name) => !isAllowed(name))).toEqual([])
    expect([...there].filter((name) => !noticed.has(name))).toEqual([])
    const text = readFileSync(join(plain, 'out/THIRD-PARTY-NOTICES.txt'), 'utf8')
    for (const name of [...there, 'vue', 'pinia']) expect(text).toContain(`\n${name} `)
    expect(text.length).toBeGreaterThan(20_000)
  })

  it('has its fuses as electron-builder.yml says', async () => {
    const program = own === 'LINUX' ? 'lupine' : own === 'MAC' ? 'Lupine.app' : 'Lupine.exe'
    const wire = await getCurrentFuseWire(join(packed, program))
    const on = (fuse: FuseV1Options) => Number(wire[fuse]) === enabled
    expect({
      runAsNode: on(FuseV1Options.RunAsNode),
      options: on(FuseV1Options.EnableNodeOptionsEnvironmentVariable),
      inspect: on(FuseV1Options.EnableNodeCliInspectArguments),
      onlyAsar: on(FuseV1Options.OnlyLoadAppFromAsar),
      integrity: on(FuseV1Options.EnableEmbeddedAsarIntegrityValidation),
      file: on(FuseV1Options.GrantFileProtocolExtraPrivileges),
    }).toEqual({ runAsNode: false, options: false, inspect: false, onlyAsar: true, integrity: true, file: false })
  })
})

/** Of what was packed, from a folder with no node_modules above it. */
function run(...args: string[]) {
  const env = { ...process.env, XDG_CACHE_HOME: join(dirname(plain), 'cache') }
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(plain, 'out/main/cli.js'), ...args], {
    encoding: 'utf8',
    env,
  })
  return { stdout, stderr, status }
}

describe('the packed program', () => {
  const sample = () => join(plain, 'resources/sample/resnet20-sample.onnx')

  it('reads, runs and compares networks: nothing it needs stayed behind', () => {
    expect(run('inspect', sample(), '--json')).toMatchObject({ status: 0, stdout: expect.stringContaining('"opset"') })
    const checked = run('check', sample(), '--engine', 'wasm', '--json')
    expect(checked.stderr + checked.stdout).toContain('"engine":"wasm')
    expect((JSON.parse(checked.stdout) as { maxRelDiff: number }).maxRelDiff).toBeLessThan(1e-4)
    expect(run('evaluate', sample(), '--data', 'sample', '--json').status).toBe(0)
    expect(run('devices', '--json').status).toBe(0)
  })

  it('loads every package it was given', () => {
    const names = [
      'zod',
      'ws',
      'ssh2',
      'serialport',
      'sharp',
      'onnxruntime-node',
      '@bufbuild/protobuf',
      '@tensorflow/tfjs-backend-wasm',
    ]
    const script = `const { createRequire } = require('node:module')
      const load = createRequire(${JSON.stringify(join(plain, 'out/main/index.js'))})
      for (const name of ${JSON.stringify(names)}) load(name)`
    const { status, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', cwd: plain })
    expect([status, stderr]).toEqual([0, ''])
  })
})
