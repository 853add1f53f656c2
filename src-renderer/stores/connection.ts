import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { LineState } from '../client/transport'
import { useClient } from './client'

/** The line to the program. */
export const useConnection = defineStore('connection', () => {
  const client = useClient()
  const state = ref<LineState>('connecting')
  /** Whether it has ever been open: before that, nothing has been lost. */
  const wasOpen = ref(false)
  client.onState((next) => {
    state.value = next
    if (next === 'open') wasOpen.value = true
  })
  return { state, wasOpen, isOpen: computed(() => state.value === 'open'), retryNow: () => client.retryNow() }
})
