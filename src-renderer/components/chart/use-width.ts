import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue'

/** The width of an element in CSS pixels, so that a chart's text keeps its size when the chart grows. */
export function useWidth(element: Readonly<Ref<HTMLElement | null | undefined>>, before = 480): Ref<number> {
  const width = ref(before)
  const observer = new ResizeObserver(([entry]) => {
    if (entry && entry.contentRect.width > 0) width.value = Math.round(entry.contentRect.width)
  })
  onMounted(() => element.value && observer.observe(element.value))
  onBeforeUnmount(() => observer.disconnect())
  return width
}
