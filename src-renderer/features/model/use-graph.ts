import { computed, ref, shallowRef } from 'vue'
import { useFiles } from '../../stores/files'
import { useJobs } from '../../stores/jobs'
import { useModel } from '../../stores/model'
import { usePlanDraft } from '../../stores/plan-draft'
import { milliseconds } from '../../format'
import type { Scene } from './draw'
import { layOut } from './layout'
import { timesFor } from './overlay'
import { findNodes, litBy, paceOf, wholeNodes } from './scene'

/** What the graph and the table show of the open model. */
export function useGraph() {
  const model = useModel()
  const draft = usePlanDraft()
  const jobs = useJobs()
  const files = useFiles()
  const words = ref('')
  const hovered = shallowRef<number>()
  const withTimes = ref(true)
  const againstMacs = ref(false)

  const graph = computed(() => model.inspection?.graph ?? { nodes: [], edges: [] })
  const groups = computed(() => model.inspection?.groups ?? [])
  const layout = computed(() => layOut(graph.value))
  const times = computed(() => timesFor([model.address, files.shown(model.address)], graph.value, jobs.all))
  const found = computed(() => findNodes(graph.value.nodes, words.value))

  const pace = computed(() => (times.value ? paceOf(graph.value.nodes, times.value.ms) : undefined))
  /** What colours the nodes: their times, or how these compare with their MACs. */
  const shown = computed(() => {
    if (!withTimes.value || !times.value) return undefined
    return againstMacs.value ? pace.value : times.value.ms
  })
  const captions = computed(() =>
    graph.value.nodes.map((_, i) => {
      const one = shown.value?.[i]
      if (one === undefined) return undefined
      return againstMacs.value
        ? `${one.toFixed(1)} × its MACs’ share`
        : `${milliseconds(one)} · ${((one / times.value!.total) * 100).toFixed(1)} %`
    }),
  )
  const heat = computed(() => {
    const most = Math.max(...(shown.value ?? []).map((one) => one ?? 0), 0)
    return graph.value.nodes.map((_, i) => {
      const one = shown.value?.[i]
      return one === undefined || most === 0 ? undefined : one / most
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

  return { graph, groups, times, pace, withTimes, againstMacs, words, found, hovered, whole, scene, toggleWhole }
}
