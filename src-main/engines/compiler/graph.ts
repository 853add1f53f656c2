/** A TensorFlow graph as plain data (graph.proto's NodeDef and AttrValue). */

/** A node's output: 'name' for output 0, 'name:1' for another; '^name' is a control input. */
export type Ref = string

export type GraphType = 'float32' | 'bfloat16' | 'int32' | 'bool' | 'resource'

/** Constants: row-major. */
export interface GraphTensor {
  readonly type: 'float32' | 'int32'
  readonly shape: readonly number[]
  readonly data: Float32Array | Int32Array
}

export type Attribute =
  | { readonly type: GraphType }
  | { readonly int: number }
  | { readonly float: number }
  | { readonly bool: boolean }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  /** −1 for an unknown dimension. */
  | { readonly shape: readonly number[] }
  | { readonly tensor: GraphTensor }

export interface GraphNode {
  readonly name: string
  readonly op: string
  readonly inputs: readonly Ref[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

export const FLOAT: Attribute = { type: 'float32' }
export const INT: Attribute = { type: 'int32' }
export const BOOL: Attribute = { type: 'bool' }

/** Splits a reference into its node and output index. */
export function parseRef(ref: Ref): { node: string; output: number } {
  const colon = ref.lastIndexOf(':')
  return colon < 0 ? { node: ref, output: 0 } : { node: ref.slice(0, colon), output: Number(ref.slice(colon + 1)) }
}

/** Collects nodes; each call returns the reference of output 0. */
export class GraphBuilder {
  readonly nodes: GraphNode[] = []
  private readonly names = new Set<string>()
  private readonly constants = new Map<string, Ref>()

  node(op: string, inputs: readonly Ref[], attributes: Readonly<Record<string, Attribute>> = {}, name?: string): Ref {
    const unique = name ?? `${op}_${this.nodes.length}`
    if (this.names.has(unique)) throw new Error(`The graph already has a node ${unique}.`)
    this.names.add(unique)
    this.nodes.push({ name: unique, op, inputs, attributes })
    return unique
  }

  placeholder(name: string, type: GraphType, shape: readonly number[]): Ref {
    return this.node('Placeholder', [], { dtype: { type }, shape: { shape } }, name)
  }

  /** Equal small constants share a node. */
  constant(type: 'float32' | 'int32', shape: readonly number[], values: ArrayLike<number>): Ref {
    const data = type === 'int32' ? Int32Array.from(values) : Float32Array.from(values)
    const key = data.length <= 64 ? `${type}[${shape.join()}]${data.join()}` : undefined
    const known = key === undefined ? undefined : this.constants.get(key)
    if (known) return known
    const ref = this.node('Const', [], { dtype: { type }, value: { tensor: { type, shape, data } } })
    if (key !== undefined) this.constants.set(key, ref)
    return ref
  }

  scalar(value: number): Ref {
    return this.constant('float32', [], [value])
  }

  ints(values: readonly number[]): Ref {
    return this.constant('int32', [values.length], values)
  }

  /** The shape of a tensor when the graph runs, as int32. */
  shapeOf(x: Ref): Ref {
    return this.node('Shape', [x], { T: FLOAT, out_type: INT })
  }

  /** To `shape` (−1 for what is unknown, once). */
  reshape(x: Ref, shape: readonly number[]): Ref {
    return this.node('Reshape', [x, this.ints(shape)], { T: FLOAT, Tshape: INT })
  }

  /** The sum over `axes`, which stay with size 1 where `keepDims`. */
  sum(x: Ref, axes: readonly number[], keepDims: boolean): Ref {
    return this.node('Sum', [x, this.ints(axes)], { T: FLOAT, Tidx: INT, keep_dims: { bool: keepDims } })
  }

  identity(x: Ref, name?: string): Ref {
    return this.node('Identity', [x], { T: FLOAT }, name)
  }
}
