import { commands } from './commands'
import type { Command } from './command'
import { columns } from './format'
import type { Option } from './options'

/** Options every command has. */
export const sharedOptions: Readonly<Record<string, Option>> = {
  json: { type: 'boolean', about: 'one JSON object on stdout' },
  help: { type: 'boolean', about: 'this text' },
}

export const serveOptions: Readonly<Record<string, Option>> = {
  port: { type: 'string', value: 'N', about: 'the port (a free one)' },
  host: {
    type: 'string',
    value: 'ADDRESS',
    about: 'an address of this computer, for others too: unencrypted (127.0.0.1)',
  },
  root: {
    type: 'string',
    multiple: true,
    value: 'DIR',
    about: 'a folder whose files the window may use; repeatable (this one and your home)',
  },
}

/** `lupine --help` */
export function helpText(): string {
  const rows = Object.entries(commands).map(([name, { about, arguments: args }]) => [
    `  ${[name, ...args].join(' ')}`,
    about,
  ])
  rows.push(
    ['  serve', 'the window in a browser'],
    ['  setup tensorflow', 'get TensorFlow, the fast engine for training'],
  )
  return [
    'Lupine prunes a trained CNN for one particular board.',
    '',
    columns(rows),
    '',
    'lupine COMMAND --help says more.',
  ].join('\n')
}

/** `lupine COMMAND --help` */
export function helpFor(name: string, command: Pick<Command, 'about' | 'arguments' | 'options'>): string {
  const options = Object.entries({ ...command.options, ...sharedOptions })
  const rows = options.map(([option, { value, about }]) => [`  --${option}${value ? ` ${value}` : ''}`, about])
  return [`lupine ${[name, ...command.arguments].join(' ')} [options]: ${command.about}`, '', columns(rows)].join('\n')
}
