import type { Network } from './network'

/** Metadata of a cleaned network, so that it travels with the file. */
const key = 'lupine.aliases'

/**
 * Tensors of the original file that cleaning-up made one: name of the one that is left → names of the others, same
 * values, same layout. A plan, which speaks of the original's tensors, must name them all.
 */
export function aliasesOf(network: Network): ReadonlyMap<string, readonly string[]> {
  const text = network.metadata[key]
  if (!text) return new Map()
  try {
    return new Map(Object.entries(JSON.parse(text) as Record<string, string[]>))
  } catch {
    // Somebody else's metadata under our key: there is nothing to know.
    return new Map()
  }
}

export function withAliases(network: Network, aliases: ReadonlyMap<string, ReadonlySet<string>>): Network {
  if (aliases.size === 0) return network
  const all = Object.fromEntries([...aliases].map(([name, others]) => [name, [...others]]))
  return { ...network, metadata: { ...network.metadata, [key]: JSON.stringify(all) } }
}
