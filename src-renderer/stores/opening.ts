import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { FileEntry } from '../../src-main/contract'
import type { Failure, Result } from '../../src-main/core/failure'
import { takeFiles } from '../client/files'
import { headBytes, refusal } from '../features/model/sniff'
import { useFiles } from './files'
import { useModel } from './model'

/** Opening a model, from wherever it comes: a path, a pick, a drop, the sample. What fails is said where it was tried. */
export const useOpening = defineStore('opening', () => {
  const files = useFiles()
  const model = useModel()
  const failure = shallowRef<Failure>()
  const busy = ref(false)

  async function attempt(work: () => Promise<Result<FileEntry | undefined>>, input = ''): Promise<void> {
    failure.value = undefined
    model.forgive()
    busy.value = true
    const result = await work().finally(() => (busy.value = false))
    if (!result.ok) failure.value = result.failure
    else if (result.value) await open(result.value, input)
  }

  async function open(entry: FileEntry, input = ''): Promise<void> {
    failure.value = undefined
    files.remember(entry)
    if (await model.open(entry.id, input)) files.noteOpened(entry.path)
  }

  const openPath = (path: string, input = ''): Promise<void> => attempt(() => files.find(path), input)
  const pick = (): Promise<void> => attempt(() => files.pick({ want: 'model', title: 'Open a model' }))

  /** Dropped files: a model, perhaps with its external data. */
  const take = (dropped: readonly File[]): Promise<void> =>
    attempt(async () => {
      const first = dropped.find(({ name }) => /\.onnx$/i.test(name)) ?? dropped[0]
      if (!first) return { ok: true, value: undefined }
      const wrong = refusal(first.name, new Uint8Array(await first.slice(0, headBytes).arrayBuffer()))
      if (wrong) return { ok: false, failure: wrong }
      const taken = await takeFiles([first, ...dropped.filter((file) => file !== first)])
      return taken.ok ? { ok: true, value: taken.value[0] } : taken
    })

  const dismiss = (): void => void (failure.value = undefined)

  return { failure, busy, open, openPath, pick, take, dismiss }
})
