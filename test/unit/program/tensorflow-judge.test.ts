import { describe, expect, it } from 'vitest'
import { judgeTensorflow, parseGpus, unloaded, type TensorflowFacts } from '../../../src-main/program/tensorflow/judge'

const gpu = { name: 'NVIDIA GeForce RTX 4070', driver: '550.54.14', capability: '8.9' }
/** A computer without a GPU, TensorFlow set up for the CPU. */
const plain: TensorflowFacts = {
  ...{ platform: 'linux', arch: 'x64', log: '', visible: undefined },
  setup: { version: '2.21.0', device: 'cpu', source: 'pip' },
  engine: { version: '2.21.0', device: 'cpu', precision: 'bfloat16' },
  gpus: [],
  noGpu: 'no NVIDIA driver (nvidia-smi is not installed)',
}
/** One with a GPU, and TensorFlow set up for it. */
const cuda: TensorflowFacts = {
  ...plain,
  setup: { version: '2.21.0', device: 'cuda', source: 'pip' },
  engine: { version: '2.21.0', device: 'cuda', precision: 'float32' },
  gpus: [gpu],
  noGpu: '',
}
const onCpu = { engine: { version: '2.21.0', device: 'cpu', precision: 'bfloat16' as const } }

describe('what TensorFlow runs on, and why not on the other', () => {
  it('a GPU', () => {
    expect(judgeTensorflow(cuda)).toEqual({
      ...{ ready: true, version: '2.21.0', device: 'cuda', precision: 'float32', hint: '' },
      why: 'NVIDIA GeForce RTX 4070, driver 550.54.14.',
    })
  })

  const cases: [string, TensorflowFacts, string, string][] = [
    ['no driver', plain, 'No GPU: no NVIDIA driver (nvidia-smi is not installed).', ''],
    [
      'another platform',
      { ...plain, platform: 'darwin', arch: 'arm64' },
      'TensorFlow for CUDA exists for Linux on x86-64; this is darwin arm64.',
      '',
    ],
    [
      'no CUDA build',
      { ...plain, gpus: [gpu], noGpu: '' },
      'There is NVIDIA GeForce RTX 4070 (driver 550.54.14), but no CUDA build of TensorFlow is installed.',
      'Run: npx lupine setup tensorflow --gpu',
    ],
    [
      'a library of CUDA is missing',
      {
        ...{ ...cuda, ...onCpu },
        log: "W dso_loader.cc:59] Could not load dynamic library 'libcudnn.so.9'; dlerror: libcudnn.so.9: cannot open shared object file: No such file or directory\nW gpu_device.cc:2365] Cannot dlopen some GPU libraries. Skipping registering GPU devices...\n",
      },
      'There is NVIDIA GeForce RTX 4070 (driver 550.54.14), but libcudnn.so.9 does not load.',
      'Run: npx lupine setup tensorflow --gpu --force',
    ],
    [
      'the driver does not fit its kernel module',
      {
        ...{ ...cuda, ...onCpu },
        log: 'E cuda_platform.cc:51] failed call to cuInit: INTERNAL: CUDA error: Failed call to cuInit: CUDA_ERROR_SYSTEM_DRIVER_MISMATCH\n',
      },
      'There is NVIDIA GeForce RTX 4070 (driver 550.54.14), but the driver refuses: failed call to cuInit: INTERNAL: CUDA error: Failed call to cuInit: CUDA_ERROR_SYSTEM_DRIVER_MISMATCH.',
      'Check that nvidia-smi works as this user; after an update of the driver, restart the computer.',
    ],
    [
      'it is hidden',
      { ...cuda, ...onCpu, visible: '-1' },
      'There is NVIDIA GeForce RTX 4070 (driver 550.54.14), but CUDA_VISIBLE_DEVICES="-1" hides it.',
      'Unset CUDA_VISIBLE_DEVICES.',
    ],
    [
      'nobody knows',
      { ...cuda, ...onCpu, visible: '0' },
      'There is NVIDIA GeForce RTX 4070 (driver 550.54.14), but TensorFlow does not find it.',
      'Check that nvidia-smi works as this user, then run: npx lupine setup tensorflow --gpu --force',
    ],
  ]
  it.each(cases)('the CPU: %s', (_name, facts, why, hint) => {
    expect(judgeTensorflow(facts)).toEqual({
      ready: true,
      version: '2.21.0',
      device: 'cpu',
      precision: 'bfloat16',
      why,
      hint,
    })
  })

  it('nothing: not set up, or it does not load', () => {
    expect(judgeTensorflow({ ...plain, setup: undefined, engine: undefined })).toMatchObject({
      ...{ ready: false, version: null, device: null, why: 'TensorFlow is not set up.' },
      hint: 'Run: npx lupine setup tensorflow. Until then the slower wasm engine is used.',
    })
    const failed = 'TensorFlow does not load: libtensorflow.so: cannot open shared object file'
    expect(judgeTensorflow({ ...cuda, engine: { failed } })).toMatchObject({
      ...{ ready: false, version: '2.21.0', device: null, why: failed },
      hint: expect.stringContaining('npx lupine setup tensorflow --gpu --force'),
    })
  })
})

it('every library that does not load is named once', () => {
  const log =
    "Could not load dynamic library 'libcublas.so.12'; dlerror: libcublas.so.12: cannot open shared object file\n" +
    'libnccl.so.2: cannot open shared object file: No such file'
  expect(unloaded(log)).toEqual(['libcublas.so.12', 'libnccl.so.2'])
  expect(unloaded('oneDNN custom operations are on.')).toEqual([])
})

it("reads nvidia-smi's list, and nothing from its complaints", () => {
  expect(parseGpus('NVIDIA A2, 550.54.14, 8.6\nTesla T4, 535.1, 7.5\n')).toEqual([
    { name: 'NVIDIA A2', driver: '550.54.14', capability: '8.6' },
    { name: 'Tesla T4', driver: '535.1', capability: '7.5' },
  ])
  expect(parseGpus('NVIDIA-SMI has failed because it could not talk to the driver, again, 1\n')).toEqual([])
})
