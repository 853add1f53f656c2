/** Width and height of an image, in pixels. */
export interface Size {
  readonly width: number
  readonly height: number
}

/** Whether a file begins as JPEG, PNG and WebP files do. */
export function isSupported(bytes: Uint8Array): boolean {
  const begins = (at: number, ...values: readonly number[]) => values.every((value, i) => bytes[at + i] === value)
  return (
    begins(0, 0xff, 0xd8, 0xff) ||
    begins(0, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a) ||
    // 'RIFF', a length, 'WEBP'
    (begins(0, 0x52, 0x49, 0x46, 0x46) && begins(8, 0x57, 0x45, 0x42, 0x50))
  )
}

/**
 * The size of a JPEG as it is shown, from its frame header (ITU-T T.81, B.2.2). A decoder would tell it too, in an
 * eighth of the time that decoding takes.
 * @returns undefined where a decoder must look: other formats, damaged heads, and those that may turn the image (Exif)
 */
export function jpegSize(bytes: Uint8Array): Size | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined
  const short = (at: number): number => (bytes[at]! << 8) | bytes[at + 1]!
  for (let at = 2; at + 9 < bytes.length; at += 2 + short(at + 2)) {
    const marker = bytes[at + 1]!
    if (bytes[at] !== 0xff || !hasLength(marker) || short(at + 2) < 2) return undefined
    if (marker === app1 && short(at + 4) === exif) return undefined
    if (!isFrame(marker)) continue
    const [height, width] = [short(at + 5), short(at + 7)]
    // Height 0: it stands behind the first scan.
    return width > 0 && height > 0 ? { width, height } : undefined
  }
  return undefined
}

const app1 = 0xe1
/** 'Ex' */
const exif = 0x4578

/** SOF0 … SOF15, without DHT, JPG and DAC, which lie among them. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc

/** Segments before the first scan; 0xff is fill, 0xd0 to 0xda are marks without a length or the scan itself. */
const hasLength = (marker: number): boolean => marker >= 0xc0 && marker < 0xff && (marker < 0xd0 || marker > 0xda)
