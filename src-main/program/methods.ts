import type { CallResult } from '../contract'
import { methodNamed, runMethods } from '../core/methods/registry'

/** `methods`: what a run can prune by, what each takes for a target, and its options. @throws LupineError 'method-unknown' */
export function listMethods({ name: only }: { name?: string | undefined }): CallResult<'methods.list'> {
  if (only !== undefined) methodNamed(only)
  return {
    methods: Object.entries(runMethods)
      .filter(([name]) => only === undefined || name === only)
      .map(([name, method]) => ({
        ...{ name, about: method.about, targets: [...method.targets], trains: method.trains },
        targetOptional: method.targetOptional ?? false,
        ...(method.because && { because: method.because }),
        options: Object.entries(method.options).map(([option, { about, value, choices }]) => ({
          ...{ name: option, about, value },
          ...(choices && { choices: [...choices] }),
        })),
      })),
  }
}
