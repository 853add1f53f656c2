import { parseRef, type GraphNode, type Ref } from '../compiler/graph'
import type { Session, TensorValue } from '../training/session'
import { kernels } from './kernels'
import { Inputs, isTensor, type Cell, type Value } from './kernels/kernel'
import { tf, type Tensor } from './tfjs'

/** What one set of fetches needs: nodes in order, and how often each output is read. */
interface Plan {
  readonly nodes: readonly GraphNode[]
  readonly reads: ReadonlyMap<Ref, number>
}

const keyOf = (ref: Ref): Ref => {
  const { node, output } = parseRef(ref)
  return `${node}:${output}`
}

/** Runs a graph node by node. Tensors are given back after their last reader; variables and constants stay. */
export class WasmSession implements Session {
  private readonly byName: ReadonlyMap<string, GraphNode>
  private readonly position: ReadonlyMap<string, number>
  private readonly plans = new Map<string, Plan>()
  private readonly cells = new Map<string, Cell>()
  private readonly constants = new Map<string, Value>()

  /** @param graph nodes in topological order */
  constructor(graph: readonly GraphNode[]) {
    this.byName = new Map(graph.map((node) => [node.name, node]))
    this.position = new Map(graph.map((node, i) => [node.name, i]))
    for (const { op } of graph)
      if (!kernels[op] && !(op in this.special)) throw new Error(`The wasm engine has no kernel for ${op}.`)
  }

  run(feeds: Readonly<Record<Ref, TensorValue>>, fetches: readonly Ref[]): TensorValue[] {
    const plan = this.plan(fetches)
    const values = new Map<Ref, Value>()
    const left = new Map(plan.reads)
    const release = (key: Ref): void => {
      const value = values.get(key)
      values.delete(key)
      if (value && isTensor(value)) value.dispose()
    }
    try {
      for (const node of plan.nodes) {
        const inputs = node.inputs.filter((input) => !input.startsWith('^')).map(keyOf)
        const given = inputs.map((key) => values.get(key) ?? this.constants.get(key))
        const outputs = this.execute(node, new Inputs(given), feeds)
        outputs.forEach((value, i) => values.set(`${node.name}:${i}`, value))
        outputs.forEach((_, i) => left.has(`${node.name}:${i}`) || release(`${node.name}:${i}`))
        for (const key of inputs) {
          const count = left.get(key)! - 1
          left.set(key, count)
          if (count === 0) release(key)
        }
      }
      return fetches.map((fetch) => {
        const tensor = (values.get(keyOf(fetch)) ?? this.constants.get(keyOf(fetch))) as Tensor
        return { shape: tensor.shape.slice(), data: tensor.dataSync() as Float32Array | Int32Array }
      })
    } finally {
      for (const key of [...values.keys()]) release(key)
    }
  }

  close(): void {
    for (const cell of this.cells.values()) cell.tensor?.dispose()
    for (const value of this.constants.values()) if (isTensor(value)) value.dispose()
    this.cells.clear()
    this.constants.clear()
  }

  private execute(node: GraphNode, inputs: Inputs, feeds: Readonly<Record<Ref, TensorValue>>): Value[] {
    const special = this.special[node.op as keyof typeof this.special]
    if (special) return special(node, feeds)
    let outputs: Value[] = []
    tf.tidy(() => {
      const made = kernels[node.op](inputs, node)
      outputs = Array.isArray(made) ? made : [made]
      return outputs.filter(isTensor)
    })
    return outputs
  }

  /** Ops that need the session itself. */
  private readonly special = {
    Placeholder: ({ name }: GraphNode, feeds: Readonly<Record<Ref, TensorValue>>): Value[] => {
      const feed = feeds[name]
      if (!feed) throw new Error(`Nothing was fed to ${name}.`)
      const type = feed.data instanceof Int32Array ? 'int32' : 'float32'
      return [tf.tensor(feed.data, feed.shape.slice(), type)]
    },
    Const: (node: GraphNode): Value[] => {
      // Kept beside the run's values, which are given back.
      if (!this.constants.has(`${node.name}:0`)) this.constants.set(`${node.name}:0`, constantOf(node))
      return []
    },
    VarHandleOp: ({ name }: GraphNode): Value[] => {
      const cell = this.cells.get(name) ?? { tensor: undefined }
      this.cells.set(name, cell)
      return [cell]
    },
  }

  private plan(fetches: readonly Ref[]): Plan {
    const key = fetches.join()
    const known = this.plans.get(key)
    if (known) return known
    const needed = new Set<string>()
    const pending = fetches.map((fetch) => parseRef(fetch).node)
    while (pending.length) {
      const name = pending.pop()!
      if (needed.has(name)) continue
      needed.add(name)
      for (const input of this.byName.get(name)!.inputs) pending.push(parseRef(input.replace(/^\^/, '')).node)
    }
    const nodes = [...needed].sort((a, b) => this.position.get(a)! - this.position.get(b)!)
    const reads = new Map<Ref, number>()
    const read = (ref: Ref) => reads.set(keyOf(ref), (reads.get(keyOf(ref)) ?? 0) + 1)
    for (const fetch of fetches) read(fetch)
    for (const name of nodes) for (const input of this.byName.get(name)!.inputs) if (!input.startsWith('^')) read(input)
    const plan = { nodes: nodes.map((name) => this.byName.get(name)!), reads }
    this.plans.set(key, plan)
    return plan
  }
}

/** Integers (shapes, axes, pads) stay in JavaScript, where the kernels need them. */
function constantOf(node: GraphNode): Value {
  const attribute = node.attributes['value']
  if (!('tensor' in attribute)) throw new Error(`${node.name} has no value.`)
  const { type, shape, data } = attribute.tensor
  return type === 'int32' ? { integers: Array.from(data) } : tf.tensor(data, shape.slice(), 'float32')
}
