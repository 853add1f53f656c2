/** Bytes that must be equal in a row for a stretch to be copied. */
const least = 8

/** A file that others are told by what sets them apart from it. */
export class DeltaBase {
  private readonly text: string
  /** Where each run of `least` bytes begins, in order. */
  private readonly places = new Map<string, number[]>()

  constructor(bytes: Uint8Array) {
    this.text = Buffer.from(bytes).toString('latin1')
    for (let at = 0; at + least <= this.text.length; at++) {
      const run = this.text.slice(at, at + least)
      const known = this.places.get(run)
      if (known) known.push(at)
      else this.places.set(run, [at])
    }
  }

  /**
   * How to make other bytes of these: steps of three varints (how far to move in the base, its lowest bit the sign, bytes
   * to copy there, new bytes that follow) and the new bytes. Two networks that differ in widths come to some ten bytes for each tensor.
   */
  to(bytes: Uint8Array): Buffer {
    const [base, wanted] = [this.text, Buffer.from(bytes).toString('latin1')]
    const out: Buffer[] = []
    let [here, there] = [0, 0]
    do {
      const start = this.place(wanted, there, here) ?? here
      let copied = 0
      while (there + copied < wanted.length && wanted[there + copied] === base[start + copied]) copied++
      const fresh = there + copied
      const resume = this.ahead(wanted, fresh, start + copied)
      const move = start < here ? 2 * (here - start) - 1 : 2 * (start - here)
      const steps = [move, copied, resume - fresh].map(varint)
      out.push(...steps, Buffer.from(wanted.slice(fresh, resume), 'latin1'))
      here = start + copied
      there = resume
    } while (there < wanted.length)
    return Buffer.concat(out)
  }

  /** The first place from `from` on at which a run of the base begins; else the end. */
  private ahead(wanted: string, from: number, here: number): number {
    for (let at = from; at + least <= wanted.length; at++) if (this.place(wanted, at, here) !== undefined) return at
    return wanted.length
  }

  /** Where in the base, next to `here`, the run stands that `wanted` has at a place. */
  private place(wanted: string, at: number, here: number): number | undefined {
    const places = this.places.get(wanted.slice(at, at + least))
    if (!places) return undefined
    let [low, high] = [0, places.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (places[middle]! < here) low = middle + 1
      else high = middle
    }
    const [before, after] = [places[low - 1], places[low]!]
    return before !== undefined && here - before < Math.abs(after - here) ? before : after
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128)
  return Buffer.from([...bytes, value])
}
