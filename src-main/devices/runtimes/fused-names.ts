/**
 * Which nodes a kernel is of, by its name: "conv1 + relu1" (fused), "a || b" (merged), "{ForeignNode[a...b]}",
 * "PWN(a)". Nodes' names may hold "+" and brackets themselves, so the longest known names are looked for, left to right.
 * @param nodes names of the network's nodes, in graph order
 * @returns known nodes in it; none for what the runtime put in (reformatting, copies): that is of no layer
 */
export function nodesOf(kernel: string, nodes: readonly string[]): string[] {
  if (/^Reformatting CopyNode|\binput reformatter \d+$|\boutput reformatter \d+$/.test(kernel)) return []
  const range = /^\{ForeignNode\[(.+)\.\.\.(.+)\]\}$/.exec(kernel)
  if (range) {
    const [from, to] = [nodes.indexOf(range[1]!), nodes.indexOf(range[2]!)]
    if (from >= 0 && to >= from) return nodes.slice(from, to + 1)
  }
  const known = nodes.filter((name) => name !== '').sort((a, b) => b.length - a.length)
  const found: { at: number; name: string }[] = []
  let rest = kernel
  for (const name of known)
    for (let at = rest.indexOf(name); at >= 0; at = rest.indexOf(name, at + 1)) {
      // A whole name: "conv1" is not in "conv10".
      if (isPart(rest[at - 1]) || isPart(rest[at + name.length])) continue
      found.push({ at, name })
      rest = rest.slice(0, at) + '\0'.repeat(name.length) + rest.slice(at + name.length)
    }
  return [...new Set(found.sort((a, b) => a.at - b.at).map(({ name }) => name))]
}

const isPart = (character: string | undefined): boolean => character !== undefined && /[\w./:-]/.test(character)
