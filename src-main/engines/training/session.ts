import type { EngineDescription } from '../interface'
import type { GraphNode, Ref } from '../compiler/graph'

/** Row-major values of a tensor, in the graph's layout. */
export interface TensorValue {
  readonly shape: readonly number[]
  readonly data: Float32Array | Int32Array
}

/** One loaded graph, with its variables. */
export interface Session {
  /**
   * Runs what the fetches need. What is fed may be overwritten as soon as this returns.
   * @throws LupineError work 'engine-memory', 'engine-failed' (TensorFlow); Error for defects
   */
  run(feeds: Readonly<Record<Ref, TensorValue>>, fetches: readonly Ref[]): TensorValue[]
  close(): void
}

/** What runs graphs: TensorFlow's addon, or the wasm interpreter. */
export interface Backend {
  describe(): EngineDescription
  open(nodes: readonly GraphNode[]): Session
}
