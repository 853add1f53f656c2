import { onBeforeUnmount, ref, watch, type Ref } from 'vue'

export interface Size {
  readonly width: number
  readonly height: number
}

/** The size of an element in CSS pixels, so that a chart's text keeps its size when the chart grows. */
export function useSize(element: Readonly<Ref<HTMLElement | null | undefined>>): Ref<Size> {
  const size = ref<Size>({ width: 480, height: 240 })
  const observer = new ResizeObserver(([entry]) => {
    const { width, height } = entry!.contentRect
    const next = { width: Math.round(width), height: Math.round(height) }
    if (width > 0 && height > 0 && (next.width !== size.value.width || next.height !== size.value.height))
      size.value = next
  })
  // It may come and go: what is drawn into it waits for the first figures.
  watch(
    element,
    (now, before) => {
      if (before) observer.unobserve(before)
      if (now) observer.observe(now)
    },
    { immediate: true, flush: 'post' },
  )
  onBeforeUnmount(() => observer.disconnect())
  return size
}
