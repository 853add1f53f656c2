import { defineStore } from 'pinia'
import { z } from 'zod'
import { computed, ref } from 'vue'
import { useFiles } from './files'
import { keep, readKept } from './kept'

const text = z.string().catch('').default('')

const workspaceSchema = z.object({
  /** Address of the model as the program knows it; '' = none yet. */
  model: text,
  /** Sizes the model's file leaves open, e.g. 3x320x320; '' = none. */
  input: text,
  data: text,
  normalize: text,
  holdout: text,
  device: text,
})
export type Workspace = z.infer<typeof workspaceSchema>

const key = 'lupine.workspace'

/** What is being worked on: the model, the data and the device that every room's requests are made of. */
export const useWorkspace = defineStore('workspace', () => {
  const workspace = ref<Workspace>(readKept(key, workspaceSchema))
  keep(key, workspace)
  const files = useFiles()

  const modelName = computed(() => files.nameOf(workspace.value.model))
  const set = (change: Partial<Workspace>): void => void Object.assign(workspace.value, change)

  /** One of its fields as a form writes it. */
  const field = (name: keyof Workspace) =>
    computed({ get: () => workspace.value[name], set: (value) => set({ [name]: value }) })

  return { workspace, modelName, set, field }
})
