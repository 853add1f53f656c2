import { describe, expect, it } from 'vitest'
import { LupineError } from '../../../src-main/core/failure'
import { fromHalf } from '../../../src-main/formats/onnx/tensors'
import { readOnnx } from '../../../src-main/formats/onnx/read'
import { writeOnnx } from '../../../src-main/formats/onnx/write'
import { livelyResnet } from '../../fixtures/networks'

const network = { ...livelyResnet(), metadata: { 'lupine.normalize': 'half' } }
const bytes = writeOnnx(network)

function failureOf(content: Uint8Array) {
  try {
    readOnnx(content, 'm.onnx')
  } catch (error) {
    return (error as LupineError).failure
  }
  throw new Error('it was read')
}

describe('ONNX', () => {
  it('reads back what it wrote', () => {
    const again = readOnnx(bytes, 'm.onnx')
    expect(again).toEqual(network)
    expect(Buffer.compare(writeOnnx(again), bytes)).toBe(0)
  })

  it('reads half floats', () => {
    expect([0x3c00, 0xc000, 0x0001, 0x7c00, 0x3555].map(fromHalf)).toEqual([1, -2, 2 ** -24, Infinity, 0.333251953125])
  })

  it.each([0.999, 0.5, 0.1, 0.01])('says that a file cut at %d of its length is incomplete', (part) => {
    const failure = failureOf(bytes.subarray(0, Math.floor(bytes.length * part)))
    expect(failure).toMatchObject({ kind: 'input', code: 'onnx-truncated' })
    expect(failure.message).toContain('m.onnx ends before the model does')
    expect(failure.hint).toBe('The file is incomplete; copy or export it again.')
  })

  it.each([
    ['', 'onnx-empty', 'm.onnx is empty (0 bytes).'],
    ['\x89HDF\r\n\x1a\n', 'onnx-foreign', 'm.onnx is a Keras/HDF5 file.'],
    ['PK\x03\x04 and more', 'onnx-foreign', 'm.onnx is a zip archive (PyTorch .pt or .keras).'],
    ['\x1c\x00\x00\x00TFL3 and more', 'onnx-foreign', 'm.onnx is a TFLite model.'],
    ['{"format": "layers-model"}', 'onnx-foreign', 'm.onnx is JSON (a TensorFlow.js model?).'],
    ['version https://git-lfs', 'onnx-foreign', 'm.onnx is a Git LFS pointer, not the model itself.'],
    ['hello, this is text', 'onnx-foreign', 'm.onnx is not an ONNX model.'],
  ])('names what %j is', (content, code, message) => {
    expect(failureOf(Buffer.from(content, 'latin1'))).toMatchObject({ kind: 'input', code, message })
  })

  it('names an opset it does not read', () => {
    expect(failureOf(writeOnnx({ ...network, opset: 6 })).message).toBe(
      'm.onnx uses ONNX opset 6; Lupine reads 7 to 21.',
    )
  })

  it('names a tensor whose data do not fill its shape', () => {
    const initializers = new Map(network.initializers)
    initializers.set('conv1.weight', { ...initializers.get('conv1.weight')!, shape: [17, 3, 3, 3] })
    expect(failureOf(writeOnnx({ ...network, initializers })).message).toBe(
      'm.onnx: tensor "conv1.weight" should hold 1836 bytes for its shape [17, 3, 3, 3] but holds 1728.',
    )
  })

  it('names a node that reads what nothing makes', () => {
    const nodes = network.nodes.slice(1)
    expect(failureOf(writeOnnx({ ...network, nodes }))).toMatchObject({ code: 'onnx-dangling' })
  })
})
