import type { GraphNode, GraphType } from '../../compiler/graph'
import { tf, type Tensor } from '../tfjs'

/** A variable. */
export interface Cell {
  tensor: Tensor | undefined
}

/** A small integer tensor (shape, axes, pads), kept in JavaScript. */
export interface Integers {
  readonly integers: readonly number[]
}

export type Value = Tensor | Integers | Cell

export const isTensor = (value: unknown): value is Tensor => value instanceof tf.Tensor

/** A node's inputs, as what the kernel expects them to be. */
export class Inputs {
  constructor(private readonly values: readonly (Value | undefined)[]) {}

  get count(): number {
    return this.values.length
  }

  value(index: number): Value | undefined {
    return this.values[index]
  }

  tensor<T extends Tensor = Tensor>(index: number): T {
    return this.values[index] as T
  }

  tensors(): Tensor[] {
    return this.values as Tensor[]
  }

  integers(index: number): number[] {
    return (this.values[index] as Integers).integers.slice()
  }

  cell(index: number): Cell {
    return this.values[index] as Cell
  }
}

/** What a TensorFlow op does: its outputs, in order. Everything else it makes is given back by the caller. */
export type Kernel = (inputs: Inputs, node: GraphNode) => Value | Value[]

const attribute = (node: GraphNode, name: string) => node.attributes[name]

export function intsOf(node: GraphNode, name: string): readonly number[] {
  const value = attribute(node, name)
  return value && 'ints' in value ? value.ints : []
}

export function intOf(node: GraphNode, name: string): number {
  const value = attribute(node, name)
  return value && 'int' in value ? value.int : 0
}

export function floatOf(node: GraphNode, name: string, fallback = 0): number {
  const value = attribute(node, name)
  return value && 'float' in value ? value.float : fallback
}

export function boolOf(node: GraphNode, name: string): boolean {
  const value = attribute(node, name)
  return value !== undefined && 'bool' in value && value.bool
}

export function stringOf(node: GraphNode, name: string): string {
  const value = attribute(node, name)
  return value && 'string' in value ? value.string : ''
}

export function typeOf(node: GraphNode, name: string): GraphType | undefined {
  const value = attribute(node, name)
  return value && 'type' in value ? value.type : undefined
}
