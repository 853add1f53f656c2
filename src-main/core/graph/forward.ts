import { evaluateConstant } from './fold'
import { isTensor, type DataType, type Network, type NetworkNode, type Shape, type Tensor } from './network'
import { isNoOp } from './noops'
import { startPropagation, step, type Propagation } from './shapes'
import { constantTarget, openEnds } from './targets'
import { tensorOf } from './tensors'
import { outputType } from './types'
import { knownTensor } from './values'

/**
 * One pass from inputs to outputs: what is constant becomes an initializer, sizes that are constant but for the batch
 * become constants, nodes that change nothing go. Names that survive keep their meaning.
 */
export function foldForward(network: Network): Network {
  return new ForwardPass(network).run()
}

class ForwardPass {
  private readonly initializers: Map<string, Tensor>
  private readonly renamed = new Map<string, string>()
  private readonly types: Map<string, DataType>
  private readonly outputs: ReadonlySet<string>
  private readonly known: Propagation
  private readonly nodes: NetworkNode[] = []

  constructor(private readonly network: Network) {
    this.initializers = new Map(network.initializers)
    // What a subgraph reads by name keeps its name, like an output.
    this.outputs = new Set([
      ...network.outputs.map((output) => output.name),
      ...network.nodes.flatMap((node) => node.captured ?? []),
    ])
    this.types = new Map(network.inputs.map(({ name, type }): [string, DataType] => [name, type]))
    for (const [name, tensor] of this.initializers) this.types.set(name, tensor.type)
    const shapes = new Map<string, Shape>()
    for (const input of network.inputs) if (input.shape) shapes.set(input.name, input.shape)
    this.known = startPropagation({ ...network, initializers: this.initializers }, shapes)
  }

  run(): Network {
    for (const original of this.network.nodes) this.visit(original)
    return { ...this.network, nodes: this.nodes, initializers: this.initializers }
  }

  private visit(original: NetworkNode): void {
    let node = this.withNewNames(original)
    const [output] = node.outputs
    const isOutput = output !== undefined && this.outputs.has(output)
    node.outputs.forEach((name, i) => {
      const type = outputType(node, i, this.typeOf)
      if (name && type) this.types.set(name, type)
    })
    const constant = output ? this.constantOf(node) : undefined
    if (constant && !isOutput) return this.define(output!, constant)
    node = this.withConstantTargets(node)
    step(node, this.known)
    const value = output ? this.known.values.get(output) : undefined
    const tensor = value && !isOutput ? knownTensor(value) : undefined
    if (tensor) return this.define(output!, tensor)
    if (this.drops(node)) return
    this.nodes.push(node)
  }

  private readonly typeOf = (name: string | undefined): DataType | undefined =>
    name ? this.types.get(name) : undefined

  private withNewNames(node: NetworkNode): NetworkNode {
    if (!node.inputs.some((input) => this.renamed.has(input))) return node
    return { ...node, inputs: node.inputs.map((input) => this.renamed.get(input) ?? input) }
  }

  private define(name: string, tensor: Tensor): void {
    this.initializers.set(name, tensor)
    this.known.shapes.set(name, tensor.shape)
    this.types.set(name, tensor.type)
  }

  private constantOf(node: NetworkNode): Tensor | undefined {
    if (node.domain !== '') return undefined
    if (node.op === 'Constant') return constantValue(node)
    if (node.inputs.length === 0) return undefined
    // CastLike needs only the type of its second input.
    if (node.op === 'CastLike') return this.castLike(node)
    const inputs: (Tensor | undefined)[] = []
    for (const name of node.inputs) {
      const tensor = name ? this.initializers.get(name) : undefined
      if (name && !tensor) return undefined
      inputs.push(tensor)
    }
    return evaluateConstant(node, inputs)
  }

  private castLike(node: NetworkNode): Tensor | undefined {
    const x = this.initializers.get(node.inputs[0] ?? '')
    const type = this.typeOf(node.inputs[1])
    return x && type && evaluateConstant(node, [x, tensorOf(type, [0], [])])
  }

  private withConstantTargets(node: NetworkNode): NetworkNode {
    const target = constantTarget(node, this.known.context)
    const ends = target ? undefined : openEnds(node, this.known.context)
    if (!target && !ends) return node
    const { node: from, input, tensor } = target ?? { node, input: 2, tensor: ends! }
    const name = `${node.name}/${input}`
    if (this.known.shapes.has(name)) return node
    this.define(name, tensor)
    const inputs = [...from.inputs]
    inputs[input] = name
    return { ...from, inputs }
  }

  /** A node that changes nothing goes: its readers read its input, or its maker makes the network's output. */
  private drops(node: NetworkNode): boolean {
    const [output, ...others] = node.outputs
    const input = node.inputs[0]
    if (!output || !input || others.some((name) => name && this.isRead(name))) return false
    if (!isNoOp(node, this.known.context, this.typeOf)) return false
    if (!this.outputs.has(output)) {
      this.renamed.set(output, input)
      return true
    }
    return this.takesOutputName(input, output)
  }

  private reads: Set<string> | undefined

  private isRead(name: string): boolean {
    this.reads ??= new Set([...this.network.nodes.flatMap((node) => node.inputs), ...this.outputs])
    return this.reads.has(name)
  }

  /** The node that makes `input` makes the network's output `output` instead. */
  private takesOutputName(input: string, output: string): boolean {
    if (this.outputs.has(input) || this.initializers.has(input)) return false
    const at = this.nodes.findLastIndex((node) => node.outputs.includes(input))
    if (at < 0) return false
    const swap = (name: string) => (name === input ? output : name)
    for (let i = at; i < this.nodes.length; i++) {
      const node = this.nodes[i]!
      if (i === at) this.nodes[i] = { ...node, outputs: node.outputs.map(swap) }
      else if (node.inputs.includes(input)) this.nodes[i] = { ...node, inputs: node.inputs.map(swap) }
    }
    for (const [from, to] of this.renamed) if (to === input) this.renamed.set(from, output)
    this.renamed.set(input, output)
    return true
  }
}

function constantValue(node: NetworkNode): Tensor | undefined {
  const { value, value_float, value_int, value_floats, value_ints } = node.attributes
  if (isTensor(value)) return value
  if (typeof value_int === 'number') return tensorOf('int64', [], [value_int])
  if (typeof value_float === 'number') return tensorOf('float32', [], [value_float])
  if (Array.isArray(value_ints)) return tensorOf('int64', [value_ints.length], value_ints as number[])
  if (Array.isArray(value_floats)) return tensorOf('float32', [value_floats.length], value_floats as number[])
  return undefined
}
