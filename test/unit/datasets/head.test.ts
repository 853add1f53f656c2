import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { jpegSize } from '../../../src-main/datasets/images/head'

const plain = (width = 37, height = 23) => sharp({ create: { width, height, channels: 3, background: '#40a0f0' } })

describe('the size in a JPEG’s head', () => {
  it.each([
    ['baseline', () => plain().jpeg()],
    ['progressive', () => plain().jpeg({ progressive: true })],
    ['optimised', () => plain().jpeg({ mozjpeg: true })],
    ['grey', () => plain().grayscale().jpeg()],
    ['CMYK', () => plain().toColourspace('cmyk').jpeg()],
    ['with a colour profile', () => plain().withIccProfile('p3').jpeg()],
    ['large', () => plain(5000, 3000).jpeg()],
  ])('is what a decoder finds: %s', async (_, image) => {
    const bytes = await image().toBuffer()
    const { width, height } = await sharp(bytes).metadata()
    expect(jpegSize(bytes)).toEqual({ width, height })
  })

  it('passes over comments, whatever they hold', async () => {
    const bytes = await plain().jpeg().toBuffer()
    const comment = Buffer.from([0xff, 0xfe, 0, 6, 0xff, 0xc0, 1, 2])
    const longer = Buffer.concat([bytes.subarray(0, 2), comment, bytes.subarray(2)])
    expect(jpegSize(longer)).toEqual({ width: 37, height: 23 })
  })

  it('is left to a decoder where the picture may have to be turned', async () => {
    expect(jpegSize(await plain().withMetadata({ orientation: 6 }).jpeg().toBuffer())).toBeUndefined()
  })

  it('is left to a decoder in other formats and damaged files', async () => {
    expect(jpegSize(await plain().png().toBuffer())).toBeUndefined()
    expect(jpegSize(await plain().webp().toBuffer())).toBeUndefined()
    const bytes = await plain().jpeg().toBuffer()
    for (let length = 0; length < bytes.length; length++) {
      const size = jpegSize(bytes.subarray(0, length))
      if (size) expect(size).toEqual({ width: 37, height: 23 })
    }
    // A segment that says it is of length 0 or leads out of the file must end the walk.
    expect(jpegSize(Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0, 0xff, 0xe0, 0, 0, 0xff, 0xe0, 0, 0]))).toBeUndefined()
    expect(jpegSize(Buffer.alloc(64, 0xff))).toBeUndefined()
    expect(jpegSize(new Uint8Array(0))).toBeUndefined()
  })
})
