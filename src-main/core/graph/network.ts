/**
 * The network as a value: ONNX semantics (NCHW activations, OIHW weights), immutable. Nothing in core edits a
 * Network in place; surgery and clean-up return new ones that share the tensors they did not touch.
 */

export type DataType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool'
  | 'string'

/**
 * float16 is held as float32 (computed so); 64-bit integers as float64, saturated on export: ONNX uses them for
 * shapes, axes and "to the end" (INT64_MAX), never for weights.
 */
export type TensorData =
  Float32Array | Float64Array | Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array

/** A constant: row-major data of `shape`. */
export interface Tensor {
  readonly type: DataType
  readonly shape: readonly number[]
  readonly data: TensorData
}

export type AttributeValue = number | string | readonly number[] | readonly string[] | Tensor | RawAttribute

/** An attribute Lupine does not read (a subgraph, say), kept as encoded AttributeProto bytes for export. */
export interface RawAttribute {
  readonly raw: Uint8Array
}

export interface NetworkNode {
  /** Unique within the network; made from the first output when the file has none. */
  readonly name: string
  readonly op: string
  /** '' for the ONNX standard operators. */
  readonly domain: string
  /** Tensor names; '' where an optional input is absent. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, AttributeValue>>
  /** Tensors of this network that a subgraph in an attribute (If, Loop, Scan) reads without listing them. */
  readonly captured?: readonly string[]
}

/** A dimension: a number, or a symbol such as 'batch'. */
export type Dim = number | string
export type Shape = readonly Dim[]

export interface ValueInfo {
  readonly name: string
  readonly type: DataType
  /** Undefined where the file gives no shape. */
  readonly shape: Shape | undefined
}

export interface Network {
  readonly name: string
  /** Of the default ONNX domain. */
  readonly opset: number
  /** Further domains and their versions, for opaque nodes. */
  readonly domains: Readonly<Record<string, number>>
  /** Graph inputs that are not initializers. */
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
  /** In topological order. */
  readonly nodes: readonly NetworkNode[]
  readonly initializers: ReadonlyMap<string, Tensor>
  /** ONNX metadata_props; Lupine keeps the input normalisation here ("lupine.normalize"). */
  readonly metadata: Readonly<Record<string, string>>
  readonly producer: string
}

/** The node that makes each tensor. */
export function producers(network: Network): Map<string, NetworkNode> {
  const map = new Map<string, NetworkNode>()
  for (const node of network.nodes) for (const output of node.outputs) if (output) map.set(output, node)
  return map
}

/** The nodes that read each tensor, in graph order; a node that reads it twice is listed once. */
export function consumers(network: Network): Map<string, NetworkNode[]> {
  const map = new Map<string, NetworkNode[]>()
  for (const node of network.nodes) {
    for (const input of new Set(node.inputs)) {
      if (!input) continue
      const list = map.get(input)
      if (list) list.push(node)
      else map.set(input, [node])
    }
  }
  return map
}

/** Number of elements of a shape; 1 for a scalar. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

export const isTensor = (value: AttributeValue | undefined): value is Tensor =>
  typeof value === 'object' && value !== null && 'data' in value

/** An integer attribute, or its default. */
export function intAttribute(node: NetworkNode, name: string, fallback: number): number {
  const value = node.attributes[name]
  return typeof value === 'number' ? value : fallback
}

/** An integer-list attribute, or its default. */
export function intsAttribute(node: NetworkNode, name: string, fallback: readonly number[]): readonly number[] {
  const value = node.attributes[name]
  return Array.isArray(value) ? (value as readonly number[]) : fallback
}

/** A string attribute, or its default. */
export function stringAttribute(node: NetworkNode, name: string, fallback: string): string {
  const value = node.attributes[name]
  return typeof value === 'string' ? value : fallback
}

/** Longer than any list of axes, sizes or pads; what is larger is a weight and not read here. */
const longestArgument = 4096

/** A small constant input as numbers (axes, starts, pads, …); undefined when absent or not constant. */
export function constantInput(network: Network, node: NetworkNode, index: number): number[] | undefined {
  const name = node.inputs[index]
  const tensor = name ? network.initializers.get(name) : undefined
  return tensor && elementCount(tensor.shape) <= longestArgument ? Array.from(tensor.data, Number) : undefined
}
