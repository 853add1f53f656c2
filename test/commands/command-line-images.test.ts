import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { saveOnnx } from '../../src-main/formats/onnx/files'
import { jsonCommandLine } from '../fixtures/command-line'
import { writeClasses } from '../fixtures/image-folder'
import { quickResnet } from '../fixtures/networks'
import { temporaryFolder } from '../fixtures/temporary'

/** The built command line on folders of images; the wasm engine, which is always there. */
const dir = temporaryFolder('cli-images')
const [classes, flat, model, trained] = ['classes', 'flat', 'new.onnx', 'trained.onnx'].map((name) =>
  join(dir, name),
) as [string, string, string, string]

const lupine = jsonCommandLine()

beforeAll(async () => {
  await writeClasses(join(classes, 'train'), { blue: [20, 30, 220], green: [20, 220, 30], red: [220, 30, 20] }, 30)
  await writeClasses(join(classes, 'val'), { blue: [20, 30, 220], green: [20, 220, 30], red: [220, 30, 20] }, 6)
  for (const name of readdirSync(join(classes, 'train')))
    cpSync(join(classes, 'train', name), flat, { recursive: true })
  await saveOnnx(model, quickResnet(3))
})

it('trains, and tells the classes of val/ apart', () => {
  const options = ['--epochs', '3', '--batch', '27', '--engine', 'wasm', '--lr', '0.05', '--out', trained]
  const { status, answer, stderr } = lupine('train', model, '--data', `images:${classes}`, ...options)
  expect(status, stderr).toBe(0)
  expect(answer['epochs']).toHaveLength(3)
  const judged = lupine('evaluate', trained, '--data', `images:${classes}`)
  expect(judged.answer).toMatchObject({ images: 18, split: 'test', normalize: 'half' })
  expect(judged.answer['top1']).toBeGreaterThan(0.6)
  const own = lupine('evaluate', trained, '--data', `images:${classes}`, '--engine', 'wasm').answer
  expect(own['top1']).toBe(judged.answer['top1'])
})

it('leaves a broken image out and names it', () => {
  const broken = join(classes, 'val', 'green', '004.png')
  const bytes = readFileSync(broken)
  writeFileSync(broken, bytes.subarray(0, 200))
  const { status, answer, stderr } = lupine('evaluate', trained, '--data', `images:${classes}`)
  writeFileSync(broken, bytes)
  expect([status, answer['images']]).toEqual([0, 17])
  expect(stderr).toContain(`One image could not be read and had to be left out: ${broken}`)
})

it('searches on images without labels', () => {
  const plan = join(dir, 'plan.json')
  const budget = ['--device', 'local?threads=1', '--budget', 'macs=0.8', '--evaluations', '4']
  const { status, answer, stderr } = lupine('search', trained, '--data', `images:${flat}`, ...budget, '--out', plan)
  expect(status, stderr).toBe(0)
  expect((answer['best'] as { fitness: number }).fitness).toBeGreaterThanOrEqual(0)
})

it('refuses to run on images without labels before it makes a project of them', () => {
  const out = join(dir, 'run')
  const device = ['--device', 'local?threads=1', '--budget', 'macs=0.8', '--out', out]
  const { status, answer } = lupine('run', trained, '--data', `images:${flat}`, ...device)
  expect([status, answer.error?.code]).toEqual([3, 'labels-missing'])
  expect(answer.error!.message).toContain(`images:${flat} has no labels, and run compares the accuracy`)
  expect(existsSync(out)).toBe(false)
})

it.each([
  [
    'accuracy without labels',
    () => ['evaluate', trained, '--data', `images:${flat}`],
    'labels-missing',
    /has no labels/,
  ],
  [
    'a folder that is not there',
    () => ['evaluate', trained, '--data', `images:${classes}x`],
    'dataset-missing',
    /There is no folder/,
  ],
  [
    'a network of other outputs',
    () => {
      lupine('new', 'resnet20', '--classes', '4', '--out', join(dir, 'four.onnx'))
      return ['evaluate', join(dir, 'four.onnx'), '--normalize', 'half', '--data', `images:${classes}`]
    },
    'classes-differ',
    /The network has 4 outputs but images:.* has 3 classes\./,
  ],
])('%s is bad input', (_, args, code, message) => {
  const { status, answer } = lupine(...args())
  expect(status).toBe(3)
  expect(answer.error?.code).toBe(code)
  expect(answer.error?.message).toMatch(message)
})
