import { computed, type Ref, type WritableComputedRef } from 'vue'
import { useFiles } from '../../stores/files'

/** An address for people to read and to type: a path where requests carry an id; what is typed is taken as it is. */
export function useShownAddress(address: Ref<string>): WritableComputedRef<string> {
  const files = useFiles()
  return computed({
    get: () => files.shown(address.value),
    set: (typed) => {
      // Untouched, the id stays.
      if (typed !== files.shown(address.value)) address.value = typed
    },
  })
}
