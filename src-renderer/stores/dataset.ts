import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { CallResult } from '../../src-main/contract'
import type { Failure } from '../../src-main/core/failure'
import { useClient } from './client'
import { useFiles } from './files'
import { useWorkspace } from './workspace'

export type SplitName = 'train' | 'validation' | 'test'

/** The data set of this session, as the program describes it. */
export const useDataset = defineStore('dataset', () => {
  const client = useClient()
  const work = useWorkspace()
  const files = useFiles()
  const preview = shallowRef<CallResult<'data.preview'>>()
  const failure = shallowRef<Failure>()
  const isLoading = ref(false)
  const split = ref<SplitName>('train')
  /** Which images are shown: others with another one. */
  const seed = ref(0)
  /** What `preview` is of. */
  const shown = ref('')
  let asked = 0
  const current = () => preview.value

  async function load(): Promise<boolean> {
    const { data: address, model } = work.workspace
    if (address === '') return false
    const own = ++asked
    isLoading.value = true
    const result = await client.call('data.preview', {
      ...{ address, split: split.value, seed: seed.value, images: 60 },
      ...(model && { model }),
    })
    if (own !== asked) return false
    isLoading.value = false
    failure.value = result.ok ? undefined : result.failure
    if (result.ok) {
      preview.value = result.value
      shown.value = address
    } else if (result.failure.code === 'file-unknown') return reopen()
    return result.ok
  }

  /** Another program than last time has to be told anew which files were meant. */
  async function reopen(): Promise<boolean> {
    const { data, model } = work.workspace
    const [newData, newModel] = [await files.refreshed(data), await files.refreshed(model)]
    if (!newData.ok || (newData.value === data && (!newModel.ok || newModel.value === model))) return false
    work.set({ data: newData.value, model: newModel.ok ? newModel.value : '' })
    return load()
  }

  /** Shows the images of this session, if others or none are shown. */
  async function look(): Promise<void> {
    if (preview.value && shown.value === work.workspace.data) return
    preview.value = undefined
    await load()
  }

  async function open(address: string): Promise<void> {
    preview.value = undefined
    seed.value = 0
    split.value = 'train'
    work.set({ data: address, normalize: '' })
    await load()
    // A set that is only there to evaluate on has no training images.
    if (current()?.splits.train.images === 0) await showSplit('test')
  }

  async function showSplit(name: SplitName): Promise<void> {
    split.value = name
    await load()
  }

  async function showOthers(): Promise<void> {
    seed.value++
    await load()
  }

  function close(): void {
    asked++
    isLoading.value = false
    preview.value = undefined
    failure.value = undefined
    work.set({ data: '', normalize: '' })
  }

  return {
    ...{ preview, failure, isLoading, split, seed, look, open, showSplit, showOthers, close },
    counts: computed(() => preview.value?.splits[split.value]),
  }
})
