import { defineStore } from 'pinia'
import { computed, onBeforeUnmount, onMounted, ref } from 'vue'

/** How many pieces of a room's words stand in the inspector: without any there is nothing to inspect. */
export const useInspector = defineStore('inspector', () => {
  const pieces = ref(0)
  return { pieces, isUsed: computed(() => pieces.value > 0) }
})

/** Counts the component as long as it lives. */
export function useInspectorPiece(): void {
  const inspector = useInspector()
  onMounted(() => inspector.pieces++)
  onBeforeUnmount(() => inspector.pieces--)
}
