import { defineAsyncComponent, type Component } from 'vue'

export interface BottomTab {
  readonly id: string
  readonly name: string
  readonly view: Component
}

/** The tabs of the panel below. Only those that exist. */
export const bottomTabs: readonly BottomTab[] = [
  { id: 'jobs', name: 'Jobs', view: defineAsyncComponent(() => import('../features/jobs/JobsPanel.vue')) },
  { id: 'log', name: 'Log', view: defineAsyncComponent(() => import('../features/log/LogLines.vue')) },
  {
    id: 'terminal',
    name: 'Terminal',
    view: defineAsyncComponent(() => import('../features/terminal/TerminalView.vue')),
  },
]
