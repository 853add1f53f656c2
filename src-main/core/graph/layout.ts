import { withAliases } from './aliases'
import {
  elementCount,
  intAttribute,
  intsAttribute,
  type AttributeValue,
  type Network,
  type NetworkNode,
  type Tensor,
} from './network'
import { binaryOps, unaryOps } from './ops/elementwise'
import { normalizeAxis } from './ops/row'
import { propagate, type Shapes } from './shapes'

import { reshaped, tensorOf, transposed } from './tensors'

type Permutation = readonly number[]

/** A tensor that is not in the new graph itself: it is `source`, its axes permuted (as Transpose's `perm` says). */
interface View {
  readonly source: string
  readonly perm: Permutation
}

/**
 * Moves Transposes towards the outputs until they meet their inverse and vanish: element-wise ops, Concat, Pad, Slice,
 * reductions and flattenings work on the untransposed tensor instead, their axes renamed. Networks converted from
 * channels-last frameworks become plain NCHW ones. A tensor keeps its name only if it also keeps its layout.
 * The network comes back as it was where that removes no Transpose.
 */
export function sinkTransposes(network: Network): Network {
  const count = ({ nodes }: Network) => nodes.filter(({ op, domain }) => op === 'Transpose' && domain === '').length
  if (count(network) === 0) return network
  const moved = new Sinking(network).run()
  return count(moved) < count(network) ? moved : network
}

const elementwise = new Set<string>([...unaryOps, ...binaryOps, 'Where'])

class Sinking {
  private readonly nodes: NetworkNode[] = []
  private readonly initializers: Map<string, Tensor>
  private readonly views = new Map<string, View>()
  /** Names made up here, and the original names they got when a Transpose vanished. */
  private readonly names = new Map<string, string>()
  private readonly fresh = new Set<string>()
  private readonly materialized = new Set<string>()
  /** What is read of a source under a name that a vanished Transpose gave it. */
  private readonly read: { source: string; name: string }[] = []
  private readonly shapes: Shapes

  constructor(private readonly network: Network) {
    this.initializers = new Map(network.initializers)
    const inputs = network.inputs.flatMap(({ name, shape }) => (shape ? [[name, shape] as const] : []))
    this.shapes = propagate(network, new Map(inputs)).shapes
  }

  run(): Network {
    for (const node of this.network.nodes) this.visit(node)
    for (const { name } of this.network.outputs) this.materialize(name)
    const nameOf = (name: string) => this.names.get(name) ?? name
    const nodes = this.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(nameOf),
      outputs: node.outputs.map(nameOf),
    }))
    return withAliases({ ...this.network, nodes, initializers: this.initializers }, this.aliases(nameOf))
  }

  private aliases(nameOf: (name: string) => string): Map<string, Set<string>> {
    const aliases = new Map<string, Set<string>>()
    for (const { source, name } of this.read) {
      const left = nameOf(source)
      if (left !== name) aliases.set(left, (aliases.get(left) ?? new Set()).add(name))
    }
    return aliases
  }

  private visit(node: NetworkNode): void {
    if (node.domain === '') {
      if (node.op === 'Transpose') return this.transpose(node)
      if (node.inputs.some((input) => this.views.has(input)) && this.move(node)) return
    }
    for (const name of node.captured ?? []) this.materialize(name, true)
    this.nodes.push({ ...node, inputs: node.inputs.map((input) => this.materialize(input)) })
  }

  private transpose(node: NetworkNode): void {
    const input = node.inputs[0]!
    const output = node.outputs[0]!
    const rank = this.rankOf(input)
    const perm = intsAttribute(node, 'perm', rank === undefined ? [] : reversed(rank))
    const from = this.views.get(input) ?? { source: input, perm: perm.map((_, i) => i) }
    this.see(output, { source: from.source, perm: perm.map((axis) => from.perm[axis]!) })
  }

  /** `name` is this view from now on; of the source itself, the source takes its name if it has none of its own. */
  private see(name: string, view: View): void {
    this.views.set(name, view)
    if (isIdentity(view.perm) && this.fresh.delete(view.source)) this.names.set(view.source, name)
  }

  private rankOf(name: string): number | undefined {
    return this.shapes.get(name)?.length
  }

  /** The tensor under its own layout; makes the Transpose where it is still missing. Returns the name to read. */
  private materialize(name: string, byName = this.isOutput(name)): string {
    const view = this.views.get(name)
    if (!view || this.materialized.has(name)) return name
    if (isIdentity(view.perm) && (!byName || this.names.get(view.source) === name)) {
      this.read.push({ source: view.source, name })
      return view.source
    }
    this.materialized.add(name)
    const op = isIdentity(view.perm) ? 'Identity' : 'Transpose'
    const attributes: Record<string, AttributeValue> = op === 'Transpose' ? { perm: view.perm } : {}
    this.nodes.push({ name: `${name}/layout`, op, domain: '', inputs: [view.source], outputs: [name], attributes })
    return name
  }

  private isOutput(name: string): boolean {
    return this.network.outputs.some((output) => output.name === name)
  }

  private move(node: NetworkNode): boolean {
    if (elementwise.has(node.op) || node.op === 'Concat') return this.moveJoin(node)
    const view = this.views.get(node.inputs[0] ?? '')
    if (!view || node.inputs.slice(1).some((input) => input && !this.initializers.has(input))) return false
    const rank = view.perm.length
    const axisIn = (axis: number) => view.perm[normalizeAxis(axis, rank)]!
    const axis = node.attributes['axis']
    switch (node.op) {
      case 'Softmax':
      case 'LogSoftmax':
        return this.emit(node, view, { axis: axisIn(intAttribute(node, 'axis', -1)) })
      case 'Split':
        return this.emit(node, view, { axis: axisIn(typeof axis === 'number' ? axis : 0) })
      case 'Pad':
        return this.movePad(node, view)
      case 'Slice':
        return this.moveSlice(node, view, axisIn)
      case 'Flatten':
      case 'Reshape':
        return this.moveReshape(node, view)
      default:
        return node.op.startsWith('Reduce') || node.op === 'Squeeze' ? this.moveReduction(node, view, axisIn) : false
    }
  }

  /** The node on the view's source; its outputs are views alike. */
  private emit(
    node: NetworkNode,
    { source, perm }: View,
    attributes: Record<string, AttributeValue> = {},
    inputs: readonly string[] = [source, ...node.inputs.slice(1)],
    outPerm: Permutation = perm,
  ): boolean {
    const outputs = node.outputs.map((name) => (name ? this.invent(name) : ''))
    this.nodes.push({ ...node, inputs, outputs, attributes: { ...node.attributes, ...attributes } })
    node.outputs.forEach((name, i) => name && this.see(name, { source: outputs[i]!, perm: outPerm }))
    return true
  }

  private invent(name: string): string {
    const made = `${name}/moved`
    this.fresh.add(made)
    return made
  }

  private constant(node: NetworkNode, input: number, values: readonly number[]): string {
    const name = `${node.name}/moved/${input}`
    this.initializers.set(name, tensorOf('int64', [values.length], values))
    return name
  }

  private valuesOf(name: string | undefined): number[] | undefined {
    const tensor = this.initializers.get(name ?? '')
    return tensor && Array.from(tensor.data, Number)
  }

  /** Every activation must be a view by the same permutation; constants are permuted the other way. */
  private moveJoin(node: NetworkNode): boolean {
    const activations = node.inputs.filter((input) => input && !this.initializers.has(input))
    const view = this.views.get(activations[0] ?? '')
    if (!view || !activations.every((name) => samePerm(this.views.get(name)?.perm, view.perm))) return false
    const back = inverse(view.perm)
    const inputs: string[] = []
    for (const input of node.inputs) {
      const tensor = this.initializers.get(input)
      if (!input) inputs.push('')
      else if (!tensor) inputs.push(this.views.get(input)!.source)
      else if (elementCount(tensor.shape) === 1 && node.op !== 'Concat') inputs.push(input)
      else if (tensor.shape.length > back.length) return false
      else {
        const lead = new Array<number>(back.length - tensor.shape.length).fill(1)
        const name = `${input}/moved[${back.join()}]`
        this.initializers.set(name, transposed(reshaped(tensor, [...lead, ...tensor.shape]), back))
        inputs.push(name)
      }
    }
    const attributes: Record<string, AttributeValue> =
      node.op === 'Concat' ? { axis: view.perm[normalizeAxis(intAttribute(node, 'axis', 1), view.perm.length)]! } : {}
    return this.emit(node, view, attributes, inputs)
  }

  private movePad(node: NetworkNode, view: View): boolean {
    const pads = this.valuesOf(node.inputs[1])
    const rank = view.perm.length
    if (pads?.length !== 2 * rank) return false
    const moved = new Array<number>(2 * rank)
    view.perm.forEach((axis, i) => {
      moved[axis] = pads[i]!
      moved[axis + rank] = pads[i + rank]!
    })
    return this.emit(node, view, {}, [view.source, this.constant(node, 1, moved), ...node.inputs.slice(2)])
  }

  private moveSlice(node: NetworkNode, view: View, axisIn: (axis: number) => number): boolean {
    const starts = this.valuesOf(node.inputs[1])
    const axes = node.inputs[3] ? this.valuesOf(node.inputs[3]) : starts?.map((_, i) => i)
    if (!axes) return false
    const inputs = [view.source, node.inputs[1]!, node.inputs[2]!, this.constant(node, 3, axes.map(axisIn))]
    return this.emit(node, view, {}, [...inputs, ...node.inputs.slice(4)])
  }

  /** Axes that go leave the others in order; the view is of what is left. */
  private moveReduction(node: NetworkNode, view: View, axisIn: (axis: number) => number): boolean {
    const asInput = node.inputs[1] !== undefined && node.inputs[1] !== ''
    const given = asInput ? this.valuesOf(node.inputs[1]) : intsAttribute(node, 'axes', [])
    if (!given || given.length === 0) return false
    const axes = given.map(axisIn)
    const keeps = node.op !== 'Squeeze' && intAttribute(node, 'keepdims', 1) === 1
    const left = [...view.perm].sort((a, b) => a - b).filter((axis) => !axes.includes(axis))
    const perm = keeps ? view.perm : view.perm.filter((axis) => !axes.includes(axis)).map((axis) => left.indexOf(axis))
    return asInput
      ? this.emit(node, view, {}, [view.source, this.constant(node, 1, axes)], perm)
      : this.emit(node, view, { axes }, [view.source], perm)
  }

  /** Where only axes of length 1 change places the data lie as before. */
  private moveReshape(node: NetworkNode, view: View): boolean {
    const from = this.shapes.get(view.source) ?? this.viewedShape(node.inputs[0]!, view)
    const to = this.shapes.get(node.outputs[0]!)
    if (!from || !to) return false
    const order = view.perm.filter((axis) => from[axis] !== 1)
    if (order.some((axis, i) => i > 0 && axis < order[i - 1]!)) return false
    const symbols = to.filter((dim) => typeof dim === 'string')
    if (symbols.length > 1) return false
    const target = to.map((dim, i) => (typeof dim === 'number' ? dim : dim === from[i] ? 0 : -1))
    const { allowzero: _zeros, axis: _axis, ...attributes } = node.attributes
    const inputs = [view.source, this.constant(node, 1, target)]
    this.nodes.push({ ...node, op: 'Reshape', inputs, attributes })
    return true
  }

  private viewedShape(name: string, { perm }: View) {
    const shape = this.shapes.get(name)
    return shape && inverse(perm).map((axis) => shape[axis]!)
  }
}

const reversed = (rank: number): number[] => Array.from({ length: rank }, (_, i) => rank - 1 - i)
const isIdentity = (perm: Permutation): boolean => perm.every((axis, i) => axis === i)
const samePerm = (a: Permutation | undefined, b: Permutation): boolean =>
  a !== undefined && a.length === b.length && a.every((axis, i) => axis === b[i])

function inverse(perm: Permutation): number[] {
  const back = new Array<number>(perm.length)
  perm.forEach((axis, i) => (back[axis] = i))
  return back
}
