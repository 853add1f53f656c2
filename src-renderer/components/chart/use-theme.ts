import { onBeforeUnmount, shallowRef, type ShallowRef } from 'vue'
import type { Palette } from '../../../src-main/core/charts/svg'
import { currentPalette } from './colours'

/** The palette, anew whenever the theme or the contrast changes: what is drawn on a canvas doesn't follow by itself. */
export function usePalette(): ShallowRef<Palette> {
  const palette = shallowRef(currentPalette())
  const renew = (): void => void (palette.value = currentPalette())
  const observer = new MutationObserver(renew)
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme', 'class'] })
  const queries = ['(prefers-color-scheme: dark)', '(prefers-contrast: more)'].map((query) => window.matchMedia(query))
  for (const query of queries) query.addEventListener('change', renew)
  onBeforeUnmount(() => {
    observer.disconnect()
    for (const query of queries) query.removeEventListener('change', renew)
  })
  return palette
}
