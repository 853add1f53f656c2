import type { JobName } from '../src-main/contract'

/** What of the program a command line stands for. */
export type CommandName = JobName | 'inspect' | 'check' | 'devices' | 'data'

/** Fields that stand without an option's name. */
const positionalOf = (command: CommandName): readonly string[] =>
  command === 'data' ? ['address'] : ['model', 'dir', 'name']

/** Options that are not the field's name with hyphens. */
const renamed: Readonly<Record<string, string>> = {
  learningRate: 'lr',
  warmupEpochs: 'warmup',
  methodOptions: 'set',
}

/**
 * The command that does what a request of this window does, as a shell takes it. What is absent, empty, false or of the
 * usual value is left out.
 * @param pathOf what stands for a file in a shell, where the window has an id
 */
export function commandLine(
  command: CommandName,
  request: Readonly<Record<string, unknown>>,
  pathOf: (address: string) => string = (address) => address,
): string {
  const words = ['lupine', command]
  const positional = positionalOf(command)
  for (const name of positional) {
    const value = request[name]
    if (typeof value === 'string' && value !== '') words.push(quoted(pathOf(value)))
  }
  for (const [name, value] of Object.entries(request)) {
    if (positional.includes(name)) continue
    words.push(...option(name, value, pathOf))
  }
  return words.join(' ')
}

function option(name: string, value: unknown, pathOf: (address: string) => string): string[] {
  const flag = `--${renamed[name] ?? name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  if (value === undefined || value === null || value === '') return []
  if (value === true) return [flag]
  if (value === false) return name === 'measure' ? ['--no-measure'] : []
  if (name === 'budget') return budgetOption(flag, value as Readonly<Record<string, number | undefined>>)
  if (Array.isArray(value)) {
    if (name === 'milestones') return [flag, value.join(',')]
    return value.flatMap((one) => [flag, quoted(String(one))])
  }
  if (typeof value === 'object') {
    const list = Object.entries(value as Record<string, string | number>).map(([key, one]) => `${key}=${one}`)
    return list.length > 0 ? [flag, quoted(list.join(','))] : []
  }
  return [flag, quoted(typeof value === 'string' ? pathOf(value) : JSON.stringify(value))]
}

function budgetOption(flag: string, { percentile, ...parts }: Readonly<Record<string, number | undefined>>): string[] {
  const list = Object.entries(parts).flatMap(([kind, part]) => {
    if (part === undefined) return []
    return `${kind}${kind === 'latency' && percentile !== undefined ? `@p${percentile}` : ''}=${part}`
  })
  return list.length > 0 ? [flag, list.join(',')] : []
}

/** As POSIX shells and PowerShell read it. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
