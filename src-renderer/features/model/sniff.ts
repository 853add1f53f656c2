import type { Failure } from '../../../src-main/core/failure'
import { shortName } from '../../names'

/** Larger than any file's beginning that has to be looked at. */
export const headBytes = 512

const kinds: readonly { readonly is: (head: Uint8Array, name: string) => boolean; readonly what: string }[] = [
  { is: (head) => starts(head, [0x50, 0x4b, 3, 4]), what: 'an archive (zip; PyTorch’s .pt and .pth are such)' },
  { is: (head) => starts(head, [0x89, 0x48, 0x44, 0x46]), what: 'HDF5, as Keras saves it' },
  { is: (head) => text(head.slice(4, 8)) === 'TFL3', what: 'a TensorFlow Lite model' },
  { is: (head) => starts(head, [0x89, 0x50, 0x4e, 0x47]) || starts(head, [0xff, 0xd8, 0xff]), what: 'a picture' },
  { is: (head, name) => /\.json$/i.test(name) && text(head).trimStart().startsWith('{'), what: 'JSON' },
  { is: (head) => head.length > 0 && isText(head), what: 'text' },
]

/**
 * What a dropped file is, if its first bytes show that it is no ONNX file; undefined where only reading will tell. An
 * upload of gigabytes need not be waited for to hear that.
 */
export function refusal(name: string, head: Uint8Array): Failure | undefined {
  const wrong = (message: string, hint: string): Failure => ({ kind: 'input', code: 'not-onnx', message, hint })
  const shown = shortName(name, 60)
  if (head.length === 0) return wrong(`“${shown}” is empty.`, 'Export the model again.')
  const kind = kinds.find(({ is }) => is(head, name))
  if (!kind) return undefined
  return wrong(
    `“${shown}” is ${kind.what}, not an ONNX model.`,
    'Export the network as .onnx (torch.onnx.export, tf2onnx, Keras’ model.export) and open that file.',
  )
}

const starts = (head: Uint8Array, bytes: readonly number[]): boolean => bytes.every((byte, i) => head[i] === byte)
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** No control characters but tabs and line ends, and valid UTF-8: an ONNX file begins with a field's number, 8. */
function isText(head: Uint8Array): boolean {
  if (head.some((byte) => byte < 32 && byte !== 9 && byte !== 10 && byte !== 13)) return false
  try {
    // The last character may be cut.
    new TextDecoder('utf-8', { fatal: true }).decode(head.slice(0, Math.max(1, head.length - 4)))
    return true
  } catch {
    return false
  }
}
