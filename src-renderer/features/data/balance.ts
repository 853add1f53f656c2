/** How even the classes are: the largest over the smallest. */
export function imbalance(perClass: readonly number[]): number | undefined {
  if (perClass.length < 2) return undefined
  const [least, most] = [Math.min(...perClass), Math.max(...perClass)]
  return least === 0 ? Infinity : most / least
}

/** A sentence for the chart's reader. */
export function balanceSummary(classes: readonly string[], perClass: readonly number[]): string {
  const ratio = imbalance(perClass)
  if (ratio === undefined) return 'Images have no labels'
  const [least, most] = [Math.min(...perClass), Math.max(...perClass)]
  const name = (count: number): string => classes[perClass.indexOf(count)] ?? ''
  if (ratio === 1) return `${classes.length} classes of ${most} images each`
  return `${classes.length} classes, from ${least} images (${name(least)}) to ${most} (${name(most)})`
}
