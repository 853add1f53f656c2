import type { Tensor } from '../graph/network'

/** The one axis of a tensor its channels live on, and the element of each position along it. */
export interface ChannelAxis {
  readonly axis: number
  readonly ids: Int32Array
}

/** An axis of a constant that follows channels of the node that reads it. */
export interface ConstantAxis extends ChannelAxis {
  readonly node: string
  /** Index among the node's inputs. */
  readonly input: number
  readonly tensor: string
  /** Do these channels arrive at the node (a weight's input axis), does it make or carry them, or list them? */
  readonly side: 'in' | 'out' | 'index'
  /**
   * More than 1 for the second axis of a grouped convolution's weight (its inputs; its outputs when transposed): `ids`
   * are those of all groups, and the weight's rows of group g read the g-th of so many equal parts.
   */
  readonly parts: number
}

/** Channels a grouped convolution deals out to `parts` groups of equal size, in order. */
export interface Balance {
  readonly ids: Int32Array
  readonly parts: number
  readonly node: string
}

/** Beyond this a tensor's channels are not followed: no network needs it, a damaged file may ask for it. */
const mostChannels = 1 << 20
const mostElements = 1 << 24

/**
 * Union–find over the channels of every activation. Each tensor has at most one channel axis; tensors without one are
 * *fixed*: nothing along any of their axes may be cut.
 */
export class ChannelClasses {
  private readonly parent: number[] = []
  private readonly axes = new Map<string, ChannelAxis>()
  private readonly reasons = new Map<number, string>()
  private readonly fixedWhy = new Map<string, string>()
  readonly constants: ConstantAxis[] = []
  readonly balances: Balance[] = []

  /** Where a tensor's channels are; undefined for a fixed tensor. */
  of(tensor: string | undefined): ChannelAxis | undefined {
    return tensor ? this.axes.get(tensor) : undefined
  }

  /** Why a tensor without channels is fixed, for messages. */
  whyFixed(tensor: string): string {
    return this.fixedWhy.get(tensor) ?? 'channels are fixed'
  }

  fix(tensor: string, why: string): void {
    this.fixedWhy.set(tensor, why)
  }

  /** New elements, each a class of its own; undefined beyond what is sensible. */
  fresh(count: number): Int32Array | undefined {
    if (!Number.isInteger(count) || count < 1 || count > mostChannels) return undefined
    if (this.parent.length + count > mostElements) return undefined
    const from = this.parent.length
    for (let i = 0; i < count; i++) this.parent.push(from + i)
    return Int32Array.from({ length: count }, (_, i) => from + i)
  }

  /** The tensor's channels are these elements, along `axis`. */
  set(tensor: string, axis: number, ids: Int32Array): void {
    this.axes.set(tensor, { axis, ids })
  }

  /** A constant's axis follows these channels. */
  follow(use: ConstantAxis): void {
    this.constants.push(use)
  }

  unite(a: number, b: number): void {
    const x = this.find(a)
    const y = this.find(b)
    if (x === y) return
    // The earlier element stays the root, so that classes are named by their first tensor.
    const [root, child] = x < y ? [x, y] : [y, x]
    this.parent[child] = root
    const reason = this.reasons.get(child)
    if (reason !== undefined && !this.reasons.has(root)) this.reasons.set(root, reason)
  }

  /** Element for element. */
  uniteAll(a: Int32Array, b: Int32Array): void {
    if (a === b) return
    for (let i = 0; i < a.length; i++) this.unite(a[i]!, b[i]!)
  }

  /** None of these may be cut; the first reason given is the one people read. */
  block(ids: Int32Array | undefined, reason: string): void {
    for (const id of ids ?? []) {
      const root = this.find(id)
      if (!this.reasons.has(root)) this.reasons.set(root, reason)
    }
  }

  blockTensor(tensor: string, reason: string): void {
    this.block(this.axes.get(tensor)?.ids, reason)
  }

  reason(id: number): string | undefined {
    return this.reasons.get(this.find(id))
  }

  find(id: number): number {
    let root = id
    while (this.parent[root] !== root) root = this.parent[root]!
    while (this.parent[id] !== root) {
      const next = this.parent[id]!
      this.parent[id] = root
      id = next
    }
    return root
  }

  /** Tensors with channels, in the order they were met. */
  tensors(): Iterable<[string, ChannelAxis]> {
    return this.axes
  }
}

/** Length of a constant's axis `axis`, counted in a result of `rank` by broadcasting; 1 where it has none. */
export function broadcastLength(tensor: Tensor, axis: number, rank: number): number {
  return tensor.shape[axis - rank + tensor.shape.length] ?? 1
}
