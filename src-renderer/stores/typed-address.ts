import { computed, type WritableComputedRef } from 'vue'
import { useFiles } from './files'
import { useWorkspace } from './workspace'

/** A field of the workspace for people: a path where requests carry an id; what is typed is taken as it is. */
export function useTypedAddress(field: 'model' | 'data' | 'device'): WritableComputedRef<string> {
  const files = useFiles()
  const work = useWorkspace()
  return computed({
    get: () => files.shown(work.workspace[field]),
    set: (typed) => {
      // Untouched, the id stays.
      if (typed !== files.shown(work.workspace[field])) work.set({ [field]: typed })
    },
  })
}
