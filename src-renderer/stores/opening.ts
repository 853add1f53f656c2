import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import type { Failure } from '../../src-main/core/failure'
import { headBytes, refusal } from '../features/model/sniff'

/** Files that come from outside the window: dropped, or chosen in the browser's dialog. */
export const useOpening = defineStore('opening', () => {
  const failure = shallowRef<Failure>()

  async function take([file]: readonly File[]): Promise<void> {
    if (!file) return
    const head = new Uint8Array(await file.slice(0, headBytes).arrayBuffer())
    failure.value = refusal(file.name, head) ?? {
      ...{ kind: 'usage', code: 'path-needed', message: 'A browser does not say where a dropped file lies.' },
      hint: 'Type its path instead.',
    }
  }

  const dismiss = (): void => void (failure.value = undefined)

  return { failure, take, dismiss }
})
