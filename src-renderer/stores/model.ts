import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { CallResult } from '../../src-main/contract'
import type { Failure } from '../../src-main/core/failure'
import { useClient } from './client'
import { useFiles } from './files'
import { usePlanDraft } from './plan-draft'
import { useWorkspace } from './workspace'

type Inspection = CallResult<'model.inspect'> & { graph: NonNullable<CallResult<'model.inspect'>['graph']> }

/** The open model, as the program describes it. */
export const useModel = defineStore('model', () => {
  const client = useClient()
  const work = useWorkspace()
  const files = useFiles()
  const draft = usePlanDraft()
  const inspection = shallowRef<Inspection>()
  /** What `inspection` is of. */
  const address = ref('')
  const failure = shallowRef<Failure>()
  /** What could not be opened. */
  const failed = ref('')
  const isLoading = ref(false)
  /** Index of a node; undefined: none. */
  const selected = ref<number>()
  let asked = 0

  /** Shows a model; what was open stays when it fails. */
  async function open(model: string, input = ''): Promise<boolean> {
    const own = ++asked
    isLoading.value = true
    failure.value = undefined
    const result = await client.call('model.inspect', { model, graph: true, ...(input && { input }) })
    if (own !== asked) return false
    isLoading.value = false
    if (!result.ok) {
      failure.value = result.failure
      failed.value = model
      return false
    }
    if (model !== address.value) draft.reset()
    const { graph = { nodes: [], edges: [] }, ...rest } = result.value
    inspection.value = { ...rest, graph }
    address.value = model
    selected.value = undefined
    work.set({ model, input })
    return true
  }

  /** What failed before is of no interest once something else is tried. */
  const forgive = (): void => void (failure.value = undefined)

  function close(): void {
    asked++
    inspection.value = undefined
    isLoading.value = false
    failure.value = undefined
    address.value = ''
    work.set({ model: '', input: '' })
    draft.reset()
  }

  const reason = (): string | undefined => failure.value?.code

  /** What the address of the last session names, once. */
  async function reopen(): Promise<void> {
    const { model, input } = work.workspace
    if (!model || isLoading.value) return
    if (inspection.value ? model === address.value : reason() !== undefined) return
    if (await open(model, input)) return
    if (reason() !== 'file-unknown') return
    // Another program than last time: it has to be told anew which file that was.
    const again = await files.refreshed(model)
    if (again.ok) await open(again.value, input)
    else failure.value = again.failure
  }

  const select = (index: number | undefined): void => void (selected.value = index)
  const node = computed(() =>
    selected.value === undefined ? undefined : inspection.value?.graph.nodes[selected.value],
  )

  return { inspection, address, failure, failed, isLoading, selected, node, open, close, forgive, reopen, select }
})
