import { computed, ref, shallowRef } from 'vue'
import { useFiles } from '../../stores/files'
import { useJobs } from '../../stores/jobs'
import { useModel } from '../../stores/model'
import { usePlanDraft } from '../../stores/plan-draft'
import { milliseconds } from '../../format'
import type { Scene } from './draw'
import { layOut } from './layout'
import { timesFor } from './overlay'
import { findNodes, litBy, wholeNodes } from './scene'

/** What the graph and the table show of the open model. */
export function useGraph() {
  const model = useModel()
  const draft = usePlanDraft()
  const jobs = useJobs()
  const files = useFiles()
  const words = ref('')
  const hovered = shallowRef<number>()
  const withTimes = ref(true)

  const graph = computed(() => model.inspection?.graph ?? { nodes: [], edges: [] })
  const groups = computed(() => model.inspection?.groups ?? [])
  const layout = computed(() => layOut(graph.value))
  const times = computed(() => timesFor([model.address, files.shown(model.address)], graph.value, jobs.all))
  const found = computed(() => findNodes(graph.value.nodes, words.value))

  const captions = computed(() => {
    const shown = withTimes.value ? times.value : undefined
    return graph.value.nodes.map((_, i) => {
      const ms = shown?.ms[i]
      return shown === undefined || ms === undefined
        ? undefined
        : `${milliseconds(ms)} · ${((ms / shown.total) * 100).toFixed(1)} %`
    })
  })
  const heat = computed(() => {
    const shown = withTimes.value ? times.value : undefined
    const most = Math.max(...(shown?.ms ?? []).map((ms) => ms ?? 0), 0)
    return graph.value.nodes.map((_, i) => {
      const ms = shown?.ms[i]
      return ms === undefined || most === 0 ? undefined : ms / most
    })
  })
  const whole = computed(() => wholeNodes(graph.value.nodes, groups.value, draft.excluded))
  const lit = computed(() => {
    const at = hovered.value ?? model.selected
    return litBy(graph.value.nodes[at ?? -1]?.makes ?? [], graph.value.nodes)
  })
  const foundSet = computed(() => new Set(found.value))
  const scene = computed((): Scene => ({
    ...{ ...graph.value, layout: layout.value, captions: captions.value, heat: heat.value, whole: whole.value },
    ...{ selected: model.selected, lit: lit.value, found: foundSet.value },
  }))

  /** Leaves the channels that the node makes whole, or gives them back. */
  function toggleWhole(index: number): void {
    const ids = (graph.value.nodes[index]?.makes ?? []).flatMap((group) => groups.value[group] ?? [])
    const prunable = ids.filter((group) => group.prunable).map(({ id }) => id)
    draft.setExcluded(prunable, !prunable.every((id) => draft.excluded.has(id)))
  }

  return { graph, groups, times, withTimes, words, found, hovered, whole, scene, toggleWhole }
}
