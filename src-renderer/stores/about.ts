import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import type { CallResult } from '../../src-main/contract'
import { useClient } from './client'

/** Which program this is and which engine it runs. Asked again on every connection: it may be another one. */
export const useAbout = defineStore('about', () => {
  const client = useClient()
  const about = shallowRef<CallResult<'program.about'>>()
  async function ask(): Promise<void> {
    const result = await client.call('program.about', {})
    if (result.ok) about.value = result.value
  }
  client.onState((state) => {
    if (state === 'open') void ask()
  })
  return { about }
})
