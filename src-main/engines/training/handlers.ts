import type { EngineMethods } from '../interface'
import type { Handlers } from '../process/handlers'
import { evaluateModel } from './evaluate'
import { forwardModel } from './forward'
import type { Backend } from './session'
import { measureSensitivity } from './sensitivity'
import { trainModel } from './train'

/** The methods of an engine process, on a backend that is opened with the first call. */
export function trainingHandlers(openBackend: () => Backend | Promise<Backend>): Handlers<EngineMethods> {
  let opened: Promise<Backend> | undefined
  const backend = (): Promise<Backend> => (opened ??= Promise.resolve().then(openBackend))
  return {
    describe: async () => (await backend()).describe(),
    train: async (request, context) => trainModel(await backend(), request, context),
    forward: async (request) => forwardModel(await backend(), request),
    evaluate: async (request, context) => evaluateModel(await backend(), request, context),
    sensitivity: async (request, context) => measureSensitivity(await backend(), request, context),
  }
}
