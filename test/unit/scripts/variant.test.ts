import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseSetup } from '../../../scripts/launch/engine.mjs'
import { describeChoice } from '../../../scripts/setup/tensorflow.mjs'
import { chooseVariant, cudaRequirements, parseGpus, wheelKind, type Facts } from '../../../scripts/setup/variant.mjs'
import { givenWheels } from '../../../scripts/setup/wheel.mjs'
import { temporaryFolder } from '../../fixtures/temporary'

const rtx = { name: 'NVIDIA GeForce RTX 4070', driver: '550.54.14', capability: '8.9' }
const facts = (change: Partial<Facts> = {}): Facts => ({
  platform: 'linux',
  arch: 'x64',
  gpus: [rtx],
  why: '',
  ...change,
})
const none = facts({ gpus: [], why: 'there is no NVIDIA driver (nvidia-smi: nvidia-smi is not installed)' })

describe('what nvidia-smi prints', () => {
  it('is read line by line', () => {
    expect(parseGpus('NVIDIA GeForce RTX 4070, 550.54.14, 8.9\nTesla T4, 535.183.01, 7.5\n')).toEqual([
      rtx,
      { name: 'Tesla T4', driver: '535.183.01', capability: '7.5' },
    ])
  })
  it.each(['', 'No devices were found\n', 'NVIDIA-SMI has failed because it could not talk to the driver, again, 1\n'])(
    'is no GPU: %j',
    (text) => expect(parseGpus(text)).toEqual([]),
  )
})

describe('the variant', () => {
  it.each([
    ['a current GPU', undefined, facts(), 'cuda', 'NVIDIA GeForce RTX 4070, driver 550.54.14'],
    ['a current GPU, but --cpu', 'cpu', facts(), 'cpu', 'asked for'],
    ['no GPU', undefined, none, 'cpu', 'there is no NVIDIA driver'],
    [
      'an old driver',
      undefined,
      facts({ gpus: [{ ...rtx, driver: '470.82' }] }),
      'cpu',
      '470.82 is too old for CUDA 12',
    ],
    ['an old chip', undefined, facts({ gpus: [{ ...rtx, capability: '3.5' }] }), 'cpu', 'compute capability 3.5'],
    ['one of two fit', undefined, facts({ gpus: [{ ...rtx, capability: '3.5' }, rtx] }), 'cuda', 'RTX 4070'],
    ['Windows', undefined, facts({ platform: 'win32' }), 'cpu', 'this is win32 x64'],
    ['Arm', undefined, facts({ arch: 'arm64' }), 'cpu', 'this is linux arm64'],
  ] as const)('%s', (_, asked, given, variant, why) => {
    const choice = chooseVariant(asked, given)
    expect(choice).toMatchObject({ ok: true, variant })
    expect(choice.ok && choice.why).toContain(why)
  })

  it('is refused where --gpu cannot be had, with the reason and the way out', () => {
    const choice = chooseVariant('gpu', none)
    expect(choice).toMatchObject({ ok: false, hint: expect.stringContaining('--cpu') as string })
    expect(!choice.ok && choice.reason).toBe(
      'TensorFlow cannot use a GPU here: there is no NVIDIA driver (nvidia-smi: nvidia-smi is not installed).',
    )
  })

  it('says sizes before anything is downloaded', () => {
    const choice = chooseVariant('gpu', facts())
    expect(choice.ok && describeChoice(choice)).toBe(
      'TensorFlow for CUDA (NVIDIA GeForce RTX 4070, driver 550.54.14): tensorflow and nvidia-*, 3.2 GB to download, 6.0 GB on disk',
    )
  })
})

it('CUDA’s libraries come from the wheel’s own metadata', () => {
  const metadata = [
    'Name: tensorflow',
    'Requires-Dist: numpy>=1.26.0',
    'Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"',
    "Requires-Dist: nvidia-cudnn-cu12 (==9.3.0.75) ; extra == 'and-cuda'",
    'Requires-Dist: nvidia-cuda-nvcc-cu12<13.0,>=12.5.82; extra == "and-cuda"',
    'Requires-Dist: tensorflow-io-gcs-filesystem; python_version < "3.12"',
  ].join('\n')
  expect(cudaRequirements(metadata)).toEqual(['nvidia-cublas-cu12<13.0,>=12.5.3.2', 'nvidia-cudnn-cu12==9.3.0.75'])
})

describe('wheels given by --from', () => {
  const names = {
    cpu: 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
    cuda: 'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
    cudnn: 'nvidia_cudnn_cu12-9.3.0.75-py3-none-manylinux2014_x86_64.whl',
    other: 'numpy-2.0.0-cp311-cp311-manylinux2014_x86_64.whl',
  }
  const files = (...which: (keyof typeof names)[]): string[] => {
    const folder = temporaryFolder('wheels')
    return which.map((name) => {
      writeFileSync(join(folder, names[name]), '')
      return join(folder, names[name])
    })
  }

  it('are told apart by their names', () => {
    expect(Object.values(names).map(wheelKind)).toEqual(['cpu', 'tensorflow', 'nvidia', undefined])
    expect(wheelKind('tensorflow-2.21.0.tar.gz')).toBeUndefined()
  })

  it('serve the variant they are for', () => {
    const [tensorflow, cudnn] = files('cuda', 'cudnn')
    expect(givenWheels([cudnn!, tensorflow!], 'cuda')).toEqual({ ok: true, tensorflow, cuda: [cudnn] })
  })

  it.each([
    ['the CPU’s for a GPU', () => files('cpu', 'cudnn'), 'is for the CPU'],
    ['no CUDA libraries', () => files('cuda'), 'CUDA’s libraries (nvidia_….whl) are missing'],
    ['something else', () => files('cuda', 'other'), 'is no wheel of TensorFlow'],
    ['no TensorFlow', () => files('cudnn'), 'none of the files is a TensorFlow wheel'],
    ['a file that is not there', () => ['/nowhere/tensorflow-2.21.0-x.whl'], 'there is no file /nowhere'],
  ])('are refused: %s', (_, from, why) => {
    const wheels = givenWheels(from(), 'cuda') as { ok: boolean; why?: string }
    expect(wheels.ok).toBe(false)
    expect(wheels.why).toContain(why)
  })
})

describe('lupine setup', () => {
  it('takes files after --from', () => {
    expect(parseSetup(['tensorflow', '--cpu', '--from', 'a.whl', 'b.whl'])).toMatchObject({
      asked: 'cpu',
      from: ['a.whl', 'b.whl'],
    })
    expect(parseSetup(['tensorflow'])).toMatchObject({ asked: undefined, from: [] })
  })
  it.each([
    [['--json'], 'What should be set up?'],
    [['pytorch'], 'What should be set up?'],
    [['tensorflow', 'a.whl'], 'Files follow --from'],
    [['tensorflow', '--cpu', '--gpu'], 'Either --gpu or --cpu'],
    [['tensorflow', '--tpu'], '--tpu'],
  ])('%j is wrong usage', (argv, message) => expect(() => parseSetup(argv)).toThrow(message))
})
