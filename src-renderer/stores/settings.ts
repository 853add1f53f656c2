import { defineStore } from 'pinia'
import { z } from 'zod'
import { computed, onScopeDispose, ref, watchEffect } from 'vue'
import { keep, readKept } from './kept'

const panel = (size: number, isOpen: boolean) =>
  z
    .object({ size: z.number().catch(size).default(size), isOpen: z.boolean().catch(isOpen).default(isOpen) })
    .prefault({})

const settingsSchema = z.object({
  theme: z.enum(['system', 'light', 'dark']).catch('system').default('system'),
  motion: z.enum(['system', 'reduced']).catch('system').default('system'),
  inspector: panel(300, true),
  bottom: panel(220, false),
  /** The tab of the panel below. */
  bottomTab: z.string().catch('jobs').default('jobs'),
  tourSeen: z.boolean().catch(false).default(false),
})
export type Settings = z.infer<typeof settingsSchema>

const key = 'lupine.settings'

/** What this browser remembers of how the window should look. */
export const useSettings = defineStore('settings', () => {
  const settings = ref<Settings>(readKept(key, settingsSchema))
  keep(key, settings)

  const dark = mediaQuery('(prefers-color-scheme: dark)')
  const theme = computed(() => {
    const { theme } = settings.value
    if (theme !== 'system') return theme
    return dark.value ? 'dark' : 'light'
  })
  // The style sheets know one attribute each, whoever decided.
  watchEffect(() => {
    document.documentElement.dataset['theme'] = theme.value
    document.documentElement.dataset['motion'] = settings.value.motion
  })

  function resetLayout(): void {
    const { inspector, bottom, bottomTab } = settingsSchema.parse({})
    Object.assign(settings.value, { inspector, bottom, bottomTab })
  }

  return { settings, theme, resetLayout }
})

function mediaQuery(query: string) {
  const list = window.matchMedia(query)
  const matches = ref(list.matches)
  const follow = (event: MediaQueryListEvent): void => void (matches.value = event.matches)
  list.addEventListener('change', follow)
  onScopeDispose(() => list.removeEventListener('change', follow))
  return matches
}
