import { readdirSync, readFileSync } from 'node:fs'

/** A process and all below it, by /proc. */
export function tree(pid) {
  const parents = new Map()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1).split(' ')
      parents.set(Number(name), Number(fields[1]))
    } catch {
      // Gone since.
    }
  }
  const found = [pid]
  for (let i = 0; i < found.length; i++)
    for (const [child, parent] of parents) if (parent === found[i]) found.push(child)
  return found
}
