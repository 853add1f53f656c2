import { FLOAT, type GraphBuilder, type Ref } from './graph'

/** Adds a gradient with respect to `input`; the node is made only when that gradient is wanted. */
export type Accumulate = (input: Ref, gradient: () => Ref) => void

/** From the gradient of the output, those of the inputs. */
export type Backward = (dy: Ref, accumulate: Accumulate) => void

/** Reverse-mode differentiation: what was computed from trainable values, in order, and how to go back. */
export class Tape {
  private readonly records: { output: Ref; backward: Backward }[] = []
  /** Values that depend on something trainable. */
  private readonly active = new Set<Ref>()

  constructor(private readonly graph: GraphBuilder) {}

  /** Marks a value as one whose gradient is wanted. */
  watch(ref: Ref): void {
    this.active.add(ref)
  }

  record(output: Ref, inputs: readonly Ref[], backward: Backward): void {
    if (!inputs.some((input) => this.active.has(input))) return
    this.active.add(output)
    this.records.push({ output, backward })
  }

  /**
   * Writes the backward pass from the gradients of some outputs: pairs of an output and its gradient.
   * @returns the gradient of a watched value; undefined when none of the outputs depends on it
   */
  backward(seeds: readonly (readonly [y: Ref, dy: Ref])[]): (watched: Ref) => Ref | undefined {
    const parts = new Map<Ref, Ref[]>()
    for (const [y, dy] of seeds) parts.set(y, [...(parts.get(y) ?? []), dy])
    const accumulate: Accumulate = (input, gradient) => {
      if (!this.active.has(input)) return
      const list = parts.get(input)
      if (list) list.push(gradient())
      else parts.set(input, [gradient()])
    }
    for (const { output, backward } of this.records.toReversed()) {
      const total = this.sum(parts.get(output))
      if (total) backward(total, accumulate)
    }
    return (watched) => this.sum(parts.get(watched))
  }

  private sum(parts: Ref[] | undefined): Ref | undefined {
    if (!parts || parts.length < 2) return parts?.[0]
    const total =
      parts.length === 2
        ? this.graph.node('AddV2', parts.slice(), { T: FLOAT })
        : this.graph.node('AddN', parts.slice(), { T: FLOAT, N: { int: parts.length } })
    // Asked for again (a value read twice), the sum is there.
    parts.splice(0, parts.length, total)
    return total
  }
}
