import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import type { CallResult } from '../../src-main/contract'
import { useClient } from './client'

/** Which program this is and which engine it runs. Asked again on every connection: it may be another one. */
export const useAbout = defineStore('about', () => {
  const client = useClient()
  const about = shallowRef<CallResult<'program.about'>>()
  client.onState(async (state) => {
    if (state !== 'open') return
    const result = await client.call('program.about', {})
    if (result.ok) about.value = result.value
  })
  return { about }
})
