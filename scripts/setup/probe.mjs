/**
 * node probe.mjs ADDON: loads the TensorFlow addon and computes a small convolution, in a process of its own because a
 * wrong library ends the process rather than throwing. Prints {"version", "device", "error"}; exit code 0 when the
 * numbers are right.
 */
import { createRequire } from 'node:module'

const binding = createRequire(import.meta.url)(process.argv[2])

const SIZE = 4
const CHANNELS = 2
const input = Float32Array.from({ length: SIZE * SIZE * CHANNELS }, (_, i) => Math.sin(i))
const filter = Float32Array.from({ length: 3 * 3 * CHANNELS * CHANNELS }, (_, i) => Math.cos(i))

/** The same 3×3 convolution (NHWC, stride 1, zero padding 1) written out. */
function reference() {
  const out = []
  for (let y = 0; y < SIZE; y++)
    for (let x = 0; x < SIZE; x++)
      for (let o = 0; o < CHANNELS; o++) {
        let sum = 0
        for (let ky = 0; ky < 3; ky++)
          for (let kx = 0; kx < 3; kx++) {
            const [iy, ix] = [y + ky - 1, x + kx - 1]
            if (iy < 0 || ix < 0 || iy >= SIZE || ix >= SIZE) continue
            for (let c = 0; c < CHANNELS; c++)
              sum += input[(iy * SIZE + ix) * CHANNELS + c] * filter[((ky * 3 + kx) * CHANNELS + c) * CHANNELS + o]
          }
        out.push(sum)
      }
  return out
}

const { TF_FLOAT, TF_ATTR_TYPE, TF_ATTR_INT, TF_ATTR_STRING } = binding
const x = binding.createTensor([1, SIZE, SIZE, CHANNELS], TF_FLOAT, input)
const w = binding.createTensor([3, 3, CHANNELS, CHANNELS], TF_FLOAT, filter)
const attributes = [
  { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
  { name: 'strides', type: TF_ATTR_INT, value: [1, 1, 1, 1] },
  { name: 'padding', type: TF_ATTR_STRING, value: 'SAME' },
  { name: 'data_format', type: TF_ATTR_STRING, value: 'NHWC' },
]
const [y] = binding.executeOp('Conv2D', attributes, [x, w], 1)
const got = binding.tensorDataSync(y.id)
const error = Math.max(...reference().map((value, i) => Math.abs(value - got[i])))
console.log(JSON.stringify({ version: binding.TF_Version, device: binding.isUsingGpuDevice() ? 'cuda' : 'cpu', error }))
process.exitCode = error < 1e-4 ? 0 : 1
