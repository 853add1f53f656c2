import { fail } from '../core/failure'
import type { Command, Request } from './command'
import { text } from './options'
import { given, string } from './shared-options'
import * as summaries from './summaries'

/** Commands that work on no network: what is here, and what somebody who is to help has to know of it. */
export const aboutCommands = {
  devices: {
    about: 'boards used before, serial ports, this computer, and what TensorFlow runs on',
    arguments: ['[forget|state|terminal]', '[NAME]'],
    options: {},
    request: (_values, [verb, name]): Request => {
      if (verb === undefined) return { call: 'devices.list', request: {} }
      if (verb === 'forget' && name !== undefined) return { call: 'devices.forget', request: { name } }
      if (verb === 'state' && name !== undefined) return { call: 'devices.state', request: { device: name } }
      if (verb === 'terminal' && name !== undefined) return { terminal: name }
      const message =
        verb === 'forget' || verb === 'state' || verb === 'terminal'
          ? `lupine devices ${verb} needs the NAME of a saved device.`
          : `lupine devices: what is "${verb}"?`
      throw fail(
        'usage',
        'devices-usage',
        message,
        'lupine devices lists them; lupine devices forget NAME removes one, state NAME tells its clocks, terminal NAME opens its console.',
      )
    },
    summary: summaries.devices,
  },
  diagnose: {
    about: 'what somebody who is to help has to know: this computer, its devices, a run; names and hosts taken out',
    arguments: ['[DIR]'],
    options: { out: string('FILE', 'where it is written (on stdout)') },
    request: (values, [dir]) => ({ call: 'program.diagnose', request: given({ dir, out: text(values, 'out') }) }),
    summary: summaries.diagnosis,
  },
} as const satisfies Readonly<Record<string, Command>>
