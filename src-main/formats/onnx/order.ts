import { fail } from '../../core/failure'
import type { NetworkNode } from '../../core/graph/network'

/**
 * Nodes in topological order: as given where that is one (ONNX demands it, some exporters do not keep it).
 *
 * @param known names of inputs and initializers
 * @throws LupineError 'onnx-cycle', 'onnx-dangling' for a tensor that nothing makes, 'onnx-duplicate' for one that two
 *   nodes make
 */
export function sortNodes(nodes: readonly NetworkNode[], known: ReadonlySet<string>, place: string): NetworkNode[] {
  const makers = makersOf(nodes, known, place)
  const waiting = new Map<NetworkNode, number>()
  const readers = new Map<NetworkNode, NetworkNode[]>()
  for (const node of nodes) {
    const before = new Set<NetworkNode>()
    for (const input of [...node.inputs, ...(node.captured ?? [])]) {
      if (input === '' || known.has(input)) continue
      const maker = makers.get(input)
      if (!maker)
        throw fail(
          'input',
          'onnx-dangling',
          `${place}: node "${node.name}" reads "${input}", which nothing makes.`,
          'The file is damaged; export it again.',
        )
      before.add(maker)
    }
    waiting.set(node, before.size)
    for (const maker of before) {
      const list = readers.get(maker)
      if (list) list.push(node)
      else readers.set(maker, [node])
    }
  }
  return release(nodes, waiting, readers, place)
}

function makersOf(nodes: readonly NetworkNode[], known: ReadonlySet<string>, place: string): Map<string, NetworkNode> {
  const makers = new Map<string, NetworkNode>()
  for (const node of nodes)
    for (const output of node.outputs) {
      if (output === '') continue
      if (makers.has(output) || known.has(output))
        throw fail(
          'input',
          'onnx-duplicate',
          `${place}: node "${node.name}" makes "${output}", which ${makers.get(output) ? `node "${makers.get(output)!.name}"` : 'the graph'} makes too.`,
          'The file is damaged; export it again.',
        )
      makers.set(output, node)
    }
  return makers
}

/** Kahn's algorithm, which keeps an order that is one already. */
function release(
  nodes: readonly NetworkNode[],
  waiting: Map<NetworkNode, number>,
  readers: ReadonlyMap<NetworkNode, readonly NetworkNode[]>,
  place: string,
): NetworkNode[] {
  const sorted: NetworkNode[] = []
  const done = new Set<NetworkNode>()
  const position = new Map(nodes.map((node, i) => [node, i]))
  nodes.forEach((first, now) => {
    // What becomes free waits for its own turn, unless that has passed.
    const free = waiting.get(first) === 0 && !done.has(first) ? [first] : []
    for (let node = free.pop(); node; node = free.pop()) {
      done.add(node)
      sorted.push(node)
      for (const reader of readers.get(node) ?? []) {
        const left = waiting.get(reader)! - 1
        waiting.set(reader, left)
        if (left === 0 && position.get(reader)! <= now) free.push(reader)
      }
    }
  })
  if (sorted.length === nodes.length) return sorted
  const stuck = nodes.find((node) => !done.has(node))!
  throw fail('input', 'onnx-cycle', `${place}: node "${stuck.name}" is part of a cycle.`, 'Export the model again.')
}
