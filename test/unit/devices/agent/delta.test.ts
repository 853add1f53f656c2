import { deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { createSubject, pruneSubject } from '../../../../src-main/core/pruning/subject'
import { DeltaBase } from '../../../../src-main/devices/agent/delta'
import { weightless } from '../../../../src-main/formats/onnx/weightless'
import { writeOnnx } from '../../../../src-main/formats/onnx/write'
import { livelyResnet } from '../../../fixtures/networks'

/** As lupine_agent.py reads it. */
function apply(base: Uint8Array, delta: Buffer): Buffer {
  const made: Uint8Array[] = []
  let [i, here] = [0, 0]
  const varint = () => {
    let [value, shift] = [0, 0]
    for (; delta[i]! & 128; shift += 7) value |= (delta[i++]! & 127) << shift
    return value | (delta[i++]! << shift)
  }
  while (i < delta.length) {
    const [skip, copy, fresh] = [varint(), varint(), varint()]
    here += (skip >> 1) ^ -(skip & 1)
    made.push(base.subarray(here, here + copy), delta.subarray(i, i + fresh))
    here += copy
    i += fresh
  }
  return Buffer.concat(made)
}

const bytes = (text: string) => Buffer.from(text, 'latin1')

describe('what sets a file apart from another', () => {
  it.each([
    ['abcdefghijklmnop', 'abcdefghijklmnop'],
    ['abcdefghijklmnop', ''],
    ['', 'abcdefghijklmnop'],
    ['abcdefghijklmnopqrstuvwx', 'abcdXefghijklmnopqrstuvwxYZ'],
    ['0123456789abcdefghijklmnopqrstuvwxyz', '0123456789wrongklmnopqrstuvwxyz0123456789'],
    ['x'.repeat(1000), 'x'.repeat(500) + 'y' + 'x'.repeat(900)],
    ['short', 'shore'],
  ])('makes it again: %s → %s', (base, wanted) => {
    expect(apply(bytes(base), new DeltaBase(bytes(base)).to(bytes(wanted))).toString('latin1')).toBe(wanted)
  })

  it('is small for networks that differ in widths, and for those without some branches', () => {
    const subject = createSubject(livelyResnet(20))
    const file = (widths: Record<string, number>) => weightless(writeOnnx(pruneSubject(subject, widths)))
    const original = file({})
    const base = new DeltaBase(original)
    const groups = subject.dimensions.map(({ id }) => id)
    const one = file({ [groups[2]!]: 5 })
    const all = file(Object.fromEntries(groups.map((id, i) => [id, 3 + i])))
    const shallow = file({ [subject.branches[3]!.groups[0]!]: 0 })
    const sizes = [one, all, shallow].map((wanted) => {
      const delta = base.to(wanted)
      expect(apply(original, delta).equals(Buffer.from(wanted))).toBe(true)
      return deflateSync(delta).length
    })
    expect(deflateSync(original).length).toBeGreaterThan(1500)
    expect(sizes[0]).toBeLessThan(150)
    expect(sizes[1]).toBeLessThan(2000)
    expect(sizes[2]).toBeLessThan(300)
  })
})
