import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ESLint } from 'eslint'
import { describe, expect, it } from 'vitest'
import { houses, objection } from '../../../scripts/lint/house.mjs'

const root = join(import.meta.dirname, '../../..')

describe('who may import what', () => {
  it.each([
    ['src-main/core/graph/x.ts', 'node:fs', 'core is pure'],
    ['src-main/core/graph/x.ts', 'zod', 'core is pure'],
    ['src-main/core/graph/x.ts', '../../contract', 'core is pure'],
    ['src-main/core/x.ts', '../formats/onnx/read', 'core is pure'],
    ['src-main/core/x.ts', 'electron', 'only shell knows Electron'],
    ['src-main/contract/x.ts', 'node:path', 'both sides of every door'],
    ['src-main/contract/x.ts', '../datasets/open', 'both sides of every door'],
    ['src-main/formats/onnx/x.ts', '../../datasets/open', 'formats turn bytes'],
    ['src-main/formats/onnx/x.ts', 'onnxruntime-node', 'formats turn bytes'],
    ['src-main/datasets/sample/x.ts', '../../formats/onnx/read', 'core, Node and the image decoder only'],
    ['src-main/engines/wasm/x.ts', '../../runs/jobs', 'without any of its doors'],
    ['src-main/engines/wasm/x.ts', '../../program/create', 'without any of its doors'],
    ['src-main/engines/wasm/x.ts', '../../cli/main', 'without any of its doors'],
    ['src-main/devices/x.ts', '../serve/server', 'without any of its doors'],
    ['src-main/program/x.ts', '../shell/start', 'without any of its doors'],
    ['src-main/engines/process/x.ts', 'electron', 'only shell knows Electron'],
    ['src-main/cli/x.ts', '../shell/start', 'three doors onto one program'],
    ['src-main/cli/x.ts', '../engines/interface', 'three doors onto one program'],
    ['src-main/serve/x.ts', '../cli/main', 'three doors onto one program'],
    ['src-main/shell/x.ts', '../serve/server', 'three doors onto one program'],
    ['src-main/newroom/x.ts', '../core/failure', 'needs an entry'],
    ['src-renderer/stores/x.ts', '../../src-main/program/program', 'the page runs in a sandbox'],
    ['src-renderer/App.vue', 'node:fs', 'the page runs in a sandbox'],
    ['src-renderer/App.vue', 'electron', 'only shell knows Electron'],
  ])('%s may not import %s', (file, source, reason) => {
    expect(objection(file, source)).toContain(reason)
  })

  it.each([
    ['src-main/core/graph/x.ts', '../failure'],
    ['src-main/contract/x.ts', 'zod'],
    ['src-main/contract/x.ts', '../core/failure'],
    ['src-main/formats/onnx/x.ts', '@bufbuild/protobuf/wire'],
    ['src-main/datasets/x.ts', 'node:fs/promises'],
    ['src-main/datasets/images/x.ts', 'sharp'],
    ['src-main/engines/wasm/x.ts', '../../datasets/order'],
    ['src-main/program/x.ts', '../../package.json'],
    ['src-main/cli/x.ts', '../serve/serve'],
    ['src-main/shell/x.ts', 'electron'],
    ['src-main/index.ts', './cli/main'],
    ['src-renderer/features/a/X.vue', '../../components/Y.vue'],
    ['src-renderer/main.ts', '../src-main/core/graph/cost'],
    ['test/unit/x.test.ts', '../../src-main/shell/start'],
  ])('%s may import %s', (file, source) => {
    expect(objection(file, source)).toBeUndefined()
  })
})

describe('the linter', () => {
  // Type information is for files on disk; these are made up.
  const untyped = [{ files: ['**/*.ts'], languageOptions: { parserOptions: { project: null, programs: null } } }]
  const wanted = new Set([
    'house/imports',
    'no-restricted-globals',
    'no-restricted-properties',
    '@typescript-eslint/no-explicit-any',
    'vue/no-v-html',
  ])
  const lint = async (filePath: string, code: string) => {
    const eslint = new ESLint({ cwd: root, overrideConfig: untyped, ruleFilter: ({ ruleId }) => wanted.has(ruleId) })
    const [{ messages }] = await eslint.lintText(code, { filePath: join(root, filePath) })
    return messages.map(({ ruleId, message }) => `${ruleId ?? 'parser'}: ${message}`)
  }

  it.each([
    ['src-main/core/x.ts', `import { readFileSync } from 'node:fs'`, 'house/imports'],
    ['src-main/core/x.ts', `import type { Program } from '../program/program'`, 'house/imports'],
    ['src-main/core/x.ts', `export * from '../contract'`, 'house/imports'],
    ['src-main/core/x.ts', `export const late = () => import('../formats/onnx/read')`, 'house/imports'],
    ['src-main/core/x.ts', `export type P = import('../program/program').Program`, 'house/imports'],
    ['src-main/engines/wasm/x.ts', `import { app } from 'electron'`, 'house/imports'],
    ['src-renderer/x.ts', `import { openDataset } from '../src-main/datasets/open'`, 'house/imports'],
    ['src-main/core/x.ts', `export const now = () => Date.now()`, 'no-restricted-globals'],
    ['src-main/core/x.ts', `export const env = process.env`, 'no-restricted-globals'],
    ['src-main/core/x.ts', `console.log('hello')`, 'no-restricted-globals'],
    ['src-main/core/x.ts', `setTimeout(() => undefined, 10)`, 'no-restricted-globals'],
    ['src-main/core/x.ts', `export const page = document.title`, 'no-restricted-globals'],
    ['src-main/core/x.ts', `export const dice = Math.random()`, 'no-restricted-properties'],
    ['src-main/datasets/x.ts', `export const dice = Math.random()`, 'no-restricted-properties'],
    ['src-main/runs/x.ts', `export const f = (x: any) => x`, '@typescript-eslint/no-explicit-any'],
    ['test/unit/x.test.ts', `export const f = (x: any) => x`, '@typescript-eslint/no-explicit-any'],
    ['src-renderer/X.vue', `<template><p v-html="x" /></template>`, 'vue/no-v-html'],
  ])('%s: %s', async (file, code, rule) => {
    expect(await lint(file, code)).toEqual([expect.stringContaining(rule)])
  })

  it('lets what is allowed pass', async () => {
    const code = `import type { Failure } from './failure'\nexport const f = (x: Failure, y: number) => x.code + Math.sqrt(y)\n`
    expect(await lint('src-main/core/x.ts', code)).toEqual([])
  })
})

describe('rooms', () => {
  const rooms = readdirSync(join(root, 'src-main'), { withFileTypes: true }).filter((entry) => entry.isDirectory())

  it.each(rooms.map((entry) => entry.name))('src-main/%s opens with a README of a few lines, and has rules', (room) => {
    const lines = readFileSync(join(root, 'src-main', room, 'README.md'), 'utf8')
      .trimEnd()
      .split('\n').length
    expect(lines).toBeGreaterThanOrEqual(4)
    expect(lines).toBeLessThanOrEqual(24)
    expect(houses.some(({ folder }) => folder === `src-main/${room}`)).toBe(true)
  })

  it('has a README in src-renderer', () => expect(existsSync(join(root, 'src-renderer/README.md'))).toBe(true))

  it('keeps every file at 400 lines or fewer', () => {
    const long = ['src-main', 'src-renderer', 'scripts', 'test'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter(
          (path) => /\.(ts|vue|mjs|py)$/.test(path) && !path.includes('node_modules') && !path.endsWith('onnx_pb.ts'),
        )
        .map((path) => ({
          path: `${folder}/${path}`,
          lines: readFileSync(join(root, folder, path), 'utf8').split('\n').length - 1,
        }))
        .filter(({ lines }) => lines > 400),
    )
    expect(long).toEqual([])
  })
})
