import type { NetworkNode, Shape, Tensor } from './network'

/** What a rewriting rule may use. */
export interface RewriteContext {
  readonly opset: number
  /** Shape of a tensor, symbolic where the model is. */
  shape(name: string | undefined): Shape | undefined
  /** Values of a constant input. */
  constant(name: string | undefined): number[] | undefined
  /** A new initializer of the node; returns its name. */
  add(node: NetworkNode, name: string, tensor: Tensor): string
}
