import type { Shapes } from '../graph/shapes'
import { channelCount } from '../graph/shapes'

/** Union–find over every channel of every activation tensor. */
export class ChannelClasses {
  private readonly parent: number[] = []
  private readonly offsets = new Map<string, { offset: number; count: number }>()
  private readonly reasons = new Map<number, string>()

  constructor(private readonly shapes: Shapes) {}

  /** Number of channels of a tensor as declared; 0 where it has no channel axis Lupine follows. */
  count(tensor: string): number {
    return this.entry(tensor)?.count ?? 0
  }

  /** The element of channel `index` of `tensor`. */
  element(tensor: string, index: number): number {
    return this.entry(tensor)!.offset + index
  }

  /** Channel `i` of `a` and channel `j` of `b` are the same channel. */
  unite(a: string, i: number, b: string, j: number): void {
    const x = this.find(this.element(a, i))
    const y = this.find(this.element(b, j))
    if (x === y) return
    // The earlier element stays the root, so that classes are named by their first tensor.
    const [root, child] = x < y ? [x, y] : [y, x]
    this.parent[child] = root
    const reason = this.reasons.get(child)
    if (reason !== undefined && !this.reasons.has(root)) this.reasons.set(root, reason)
  }

  /** Channel for channel; both tensors must have the same count. */
  uniteAll(a: string, b: string): void {
    const count = Math.min(this.count(a), this.count(b))
    for (let i = 0; i < count; i++) this.unite(a, i, b, i)
  }

  /** No channel of the tensor may be cut; the first reason given is the one people read. */
  block(tensor: string, reason: string): void {
    for (let i = 0; i < this.count(tensor); i++) {
      const root = this.find(this.element(tensor, i))
      if (!this.reasons.has(root)) this.reasons.set(root, reason)
    }
  }

  reason(element: number): string | undefined {
    return this.reasons.get(this.find(element))
  }

  find(element: number): number {
    let root = element
    while (this.parent[root] !== root) root = this.parent[root]!
    while (this.parent[element] !== root) {
      const next = this.parent[element]!
      this.parent[element] = root
      element = next
    }
    return root
  }

  /** Tensors in the order they were declared. */
  tensors(): Iterable<[string, { offset: number; count: number }]> {
    return this.offsets
  }

  private entry(tensor: string) {
    let entry = this.offsets.get(tensor)
    if (!entry) {
      const count = channelCount(this.shapes.get(tensor)) ?? 0
      entry = { offset: this.parent.length, count }
      for (let i = 0; i < count; i++) this.parent.push(entry.offset + i)
      this.offsets.set(tensor, entry)
    }
    return entry
  }
}
