import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { advance, begin, redo, undo, type History } from './history'

/** What a person wants of the plan, before anything is searched. */
export interface PlanDraft {
  /** Ids of groups that stay whole: `exclude` of the requests. */
  readonly exclude: readonly string[]
}

const untouched: PlanDraft = { exclude: [] }

/** Edits of the plan for the open model, each of which can be undone. */
export const usePlanDraft = defineStore('plan-draft', () => {
  const history = shallowRef<History<PlanDraft>>(begin(untouched))
  const draft = computed(() => history.value.now)
  const exclude = computed(() => draft.value.exclude)
  const excluded = computed(() => new Set(exclude.value))

  function setExcluded(groups: readonly string[], whole: boolean): void {
    const rest = exclude.value.filter((id) => !groups.includes(id))
    const next = whole ? [...rest, ...groups] : rest
    if (next.length === exclude.value.length) return
    history.value = advance(history.value, { ...draft.value, exclude: next })
  }

  return {
    draft,
    exclude,
    excluded,
    setExcluded,
    canUndo: computed(() => history.value.past.length > 0),
    canRedo: computed(() => history.value.future.length > 0),
    undo: () => void (history.value = undo(history.value)),
    redo: () => void (history.value = redo(history.value)),
    /** For another model. */
    reset: () => void (history.value = begin(untouched)),
  }
})
