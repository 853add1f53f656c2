import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { LupineError } from '../../../src-main/core/failure'
import { externalData } from '../../../src-main/formats/onnx/external'
import { toHalf } from '../../../src-main/formats/onnx/half'
import { readOnnx } from '../../../src-main/formats/onnx/read'
import { ModelProtoSchema, StringStringEntryProtoSchema } from '../../../src-main/formats/onnx/schema/onnx_pb'
import { fromHalf } from '../../../src-main/formats/onnx/tensors'
import { writeOnnx } from '../../../src-main/formats/onnx/write'
import { flatteningNetwork } from '../../fixtures/networks'
import { temporaryFolder } from '../../fixtures/temporary'

const network = flatteningNetwork()
const original = network.initializers.get('conv1.weight')!
const model = () => fromBinary(ModelProtoSchema, writeOnnx(network))
type Model = ReturnType<typeof model>
const weightOf = (proto: Model) => proto.graph!.initializer.find(({ name }) => name === 'conv1.weight')!

describe('half precision', () => {
  it.each([
    [10, 0x3800, 0.5],
    [16, 0x3f00, 0.5],
  ])('of type %d becomes float32 throughout', (code, bits, value) => {
    const proto = model()
    const weight = weightOf(proto)
    weight.dataType = code
    weight.rawData = new Uint8Array(new Uint16Array(original.data.length).fill(bits).buffer)
    const type = proto.graph!.input[0]!.type!.value
    if (type.case === 'tensorType') type.value.elemType = code
    const read = readOnnx(toBinary(ModelProtoSchema, proto), 'm')
    expect(read.inputs[0]!.type).toBe('float32')
    expect(read.initializers.get('conv1.weight')).toEqual({ ...original, data: original.data.map(() => value) })
  })
})

describe('rounding to half precision', () => {
  it('gives every half back, and takes the nearest', () => {
    for (let bits = 0; bits < 1 << 16; bits++) {
      const value = fromHalf(bits)
      if (!Number.isNaN(value) && toHalf(value) !== bits) expect.fail(`${bits} came back as ${toHalf(value)}`)
    }
    expect(fromHalf(toHalf(NaN))).toBeNaN()
    // Halfway between neighbours the even one; beyond the largest, infinity.
    expect([1 + 2 ** -11, 1 + 3 * 2 ** -11, 1.0005, 65519, 65520].map((value) => fromHalf(toHalf(value)))).toEqual([
      ...[1, 1 + 2 ** -9, 1 + 2 ** -10, 65504, Infinity],
    ])
  })
})

describe('weights in another file', () => {
  const folder = temporaryFolder('external')
  const bytes = new Uint8Array(original.data.buffer)
  writeFileSync(join(folder, 'weights.bin'), Buffer.concat([Buffer.alloc(16), bytes]))
  symlinkSync('/etc/hostname', join(folder, 'link.bin'))

  const readWith = (entries: Record<string, string>) => {
    const proto = model()
    const weight = weightOf(proto)
    weight.rawData = new Uint8Array()
    weight.dataLocation = 1
    weight.externalData = Object.entries(entries).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value }),
    )
    return readOnnx(toBinary(ModelProtoSchema, proto), 'm.onnx', externalData(folder, 'm.onnx'))
  }
  const messageOf = (entries: Record<string, string>) => {
    try {
      readWith(entries)
    } catch (error) {
      return (error as LupineError).message
    }
    return 'it was read'
  }

  it('are read from their place', () => {
    const length = String(bytes.length)
    expect(readWith({ location: 'weights.bin', offset: '16', length }).initializers.get('conv1.weight')).toEqual(
      original,
    )
  })

  it.each([
    ['../weights.bin', 'outside the model’s folder'],
    ['/etc/hostname', 'outside'],
    ['link.bin', 'outside'],
    ['a/../../up.bin', 'outside'],
    ['missing.bin', 'which cannot be read'],
  ])('in "%s" are refused', (location, why) => {
    expect(messageOf({ location })).toContain(why.replace('’', "'"))
  })

  it('that are shorter than said are refused', () => {
    expect(messageOf({ location: 'weights.bin', offset: '1000', length: String(bytes.length) })).toBe(
      `m.onnx: the weights of "conv1.weight" are bytes 1000 to ${1000 + bytes.length} of "weights.bin", which has ${16 + bytes.length}.`,
    )
  })
})
