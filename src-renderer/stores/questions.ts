import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import type { OpenQuestion } from '../../src-main/contract'
import { useClient } from './client'

/** What the program wants to know of whoever sits here: whichever window answers first has answered. */
export const useQuestions = defineStore('questions', () => {
  const client = useClient()
  const open = shallowRef<readonly OpenQuestion[]>([])
  const without = (id: number): OpenQuestion[] => open.value.filter((question) => question.id !== id)

  client.onNotice((notice) => {
    if (notice.type === 'question') open.value = [...without(notice.question.id), notice.question]
    else if (notice.type === 'settled') open.value = without(notice.question)
  })
  client.onState((state) => {
    // Those that still stand are sent again on a new line.
    if (state !== 'open') open.value = []
  })

  async function reply(id: number, answer: string | null, remember = false): Promise<void> {
    open.value = without(id)
    await client.reply(id, answer, remember)
  }

  return { current: computed(() => open.value[0]), reply }
})
