import { consumers, producers, type Network, type NetworkNode } from '../graph/network'
import type { CoupledGroup, Coupling } from './groups'
import { contracts, layerName } from './layers'

/** A residual branch that may be removed: its shortcut is an identity or option A. */
export interface ResidualBranch {
  /** Common name of its layers ("layer2.4"). */
  readonly id: string
  /** The tensor that enters the addition; removed, it becomes a constant. */
  readonly output: string
  /** Name of the Add node. */
  readonly add: string
  /** Ids of the coupled groups that live inside. */
  readonly groups: readonly string[]
  /** Names of the nodes that go when it is removed. */
  readonly nodes: readonly string[]
}

/** Ops an identity or option-A shortcut may consist of (He et al. 2016: subsample, then zero-pad the channels). */
const shortcutOps = new Set(['Slice', 'Pad', 'AveragePool', 'MaxPool'])

/** Removable residual branches, in graph order. A branch without a prunable group inside has no handle: left out. */
export function findBranches(coupling: Coupling): ResidualBranch[] {
  const { network } = coupling
  const makers = producers(network)
  const readers = consumers(network)
  const outputs = new Set(network.outputs.map((output) => output.name))
  return network.nodes.flatMap((add) => {
    const joins = add.op === 'Add' || (add.op === 'Sum' && add.inputs.length === 2)
    if (!joins || add.inputs.some((input) => network.initializers.has(input))) return []
    for (const [branch, shortcut] of [add.inputs, [...add.inputs].reverse()] as [string, string][]) {
      const fork = walkShortcut(shortcut, makers)
      const inner = cone(branch, fork, makers, network)
      if (!inner || outputs.has(branch)) continue
      const tensors = new Set(inner.flatMap((node) => node.outputs))
      const leaks = [...tensors].some((tensor) =>
        (readers.get(tensor) ?? []).some((node) => node !== add && !inner.includes(node)),
      )
      const groups = coupling.groups.filter((group) => group.prunable && livesIn(group, tensors, branch))
      if (leaks || !emptiesBranch(groups, branch, makers, network)) continue
      if (constantWhenEmpty(network, branch, makers) === undefined) continue
      const id = commonName(inner.filter((node) => node.op === 'Conv' || node.op === 'Gemm').map(layerName)) || branch
      return [
        {
          id,
          output: branch,
          add: add.name,
          groups: groups.map((group) => group.id),
          nodes: inner.map((node) => node.name),
        },
      ]
    }
    return []
  })
}

/** Back from the addition through subsampling and padding to where the shortcut left the stream. */
function walkShortcut(tensor: string, makers: ReadonlyMap<string, NetworkNode>): string {
  const node = makers.get(tensor)
  return node && shortcutOps.has(node.op) ? walkShortcut(node.inputs[0]!, makers) : tensor
}

/** Nodes between the fork and the branch's end; undefined when the branch depends on anything but the fork. */
function cone(
  end: string,
  fork: string,
  makers: ReadonlyMap<string, NetworkNode>,
  network: Network,
): NetworkNode[] | undefined {
  const found = new Set<NetworkNode>()
  const waiting = [end]
  while (waiting.length > 0) {
    const tensor = waiting.pop()!
    if (tensor === fork || tensor === '' || network.initializers.has(tensor)) continue
    const node = makers.get(tensor)
    if (!node) return undefined
    if (found.has(node)) continue
    found.add(node)
    waiting.push(...node.inputs)
  }
  return found.size > 0 ? [...found] : undefined
}

const livesIn = (group: CoupledGroup, tensors: ReadonlySet<string>, end: string): boolean =>
  group.members.every(({ tensor }) => tensors.has(tensor) && tensor !== end)

/**
 * Does the branch's last convolution read nothing but channels of these groups? Not when it is depthwise, and not when
 * the fork's own channels are concatenated in front of it: its output would still depend on the image.
 */
function emptiesBranch(
  groups: readonly CoupledGroup[],
  end: string,
  makers: ReadonlyMap<string, NetworkNode>,
  network: Network,
): boolean {
  const node = makers.get(end)
  if (node?.op === 'BatchNormalization') return emptiesBranch(groups, node.inputs[0]!, makers, network)
  if (!node || !contracts(node, network)) return false
  const shares = groups.flatMap(({ members }) => members.filter(({ tensor }) => tensor === node.inputs[0]))
  return shares.length > 0 && shares[0]!.units.every((_, c) => shares.some(({ units }) => units[c]! >= 0))
}

/**
 * Value per channel of a branch's end when the channels inside are zero: a convolution leaves its bias, BN then gives
 * β + γ(bias − μ)/√(σ² + ε). Undefined where it is not such a constant.
 */
export function constantWhenEmpty(
  network: Network,
  tensor: string,
  makers: ReadonlyMap<string, NetworkNode> = producers(network),
): Float32Array | undefined {
  const node = makers.get(tensor)
  if (!node) return undefined
  const values = (input: number) => network.initializers.get(node.inputs[input] ?? '')?.data
  if (node.op === 'Conv') {
    const weight = network.initializers.get(node.inputs[1]!)
    const bias = values(2)
    return weight && Float32Array.from({ length: weight.shape[0]! }, (_, c) => Number(bias?.[c] ?? 0))
  }
  if (node.op === 'BatchNormalization') {
    const before = constantWhenEmpty(network, node.inputs[0]!, makers)
    const [scale, shift, mean, variance] = [1, 2, 3, 4].map(values)
    if (!before || !scale || !shift || !mean || !variance) return undefined
    const epsilon = typeof node.attributes['epsilon'] === 'number' ? node.attributes['epsilon'] : 1e-5
    return before.map((x, c) => shift[c]! + (scale[c]! * (x - mean[c]!)) / Math.sqrt(variance[c]! + epsilon))
  }
  return undefined
}

/** "layer2.0.conv1", "layer2.0.conv2" → "layer2.0". */
function commonName(names: string[]): string {
  const parts = names.map((name) => name.split(/[./]/))
  const first = parts[0] ?? []
  const shared = first.filter((part, i) =>
    parts.every((other) => other[i] === part && first.slice(0, i).every((p, j) => other[j] === p)),
  )
  return shared.join('.')
}
