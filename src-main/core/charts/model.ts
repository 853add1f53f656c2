/** What a series is about: the same colour for the same thing in every chart. */
export type SeriesColour =
  'candidate' | 'measured' | 'leader' | 'original' | 'baseline' | 'attention' | 'faint' | 'good' | 'failed'

export interface Axis {
  /** With the unit: "latency, ms". */
  readonly label: string
  /** What must be visible; extended to round ticks. From the data when absent. */
  readonly range?: readonly [number, number]
  /** Only for positive values. */
  readonly log?: boolean
  /** Names of the places 0, 1, 2, … of bars. */
  readonly categories?: readonly string[]
  /** A value as people read it; for ticks, tables and what is told of a point. */
  readonly text?: (value: number) => string
}

/** `dots` are filled, `hollow` ones are not; `step` holds a value until the next one. */
export type SeriesKind = 'line' | 'step' | 'dots' | 'hollow' | 'bars'

/** Parallel lists; a y that is NaN is a gap. */
export interface Series {
  readonly name: string
  readonly kind: SeriesKind
  readonly colour: SeriesColour
  readonly x: ArrayLike<number>
  readonly y: ArrayLike<number>
  /** Ends of an interval around each point, in the direction of `intervals`. */
  readonly low?: ArrayLike<number>
  readonly high?: ArrayLike<number>
  readonly intervals?: 'x' | 'y'
  readonly dashed?: boolean
  /** On the second y axis. */
  readonly right?: boolean
  /** Name of each point. */
  readonly names?: readonly string[]
  /** A letter drawn beside each point. */
  readonly letters?: readonly string[]
}

/** A line across the chart. */
export interface Mark {
  readonly axis: 'x' | 'y'
  readonly at: number
  readonly label: string
  readonly colour?: SeriesColour
}

export interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
}

export interface ChartModel {
  readonly title: string
  /** The chart in a sentence, for those who don't see it. */
  readonly summary: string
  readonly x: Axis
  readonly y: Axis
  readonly right?: Axis
  readonly series: readonly Series[]
  readonly marks?: readonly Mark[]
  /** Its figures; from the series when absent. */
  readonly table?: () => Table
  /** Bars of all series stand at the same place: only one of them has a value there. */
  readonly stacked?: boolean
  /** Bars lie: categories down the y side. */
  readonly lying?: boolean
  /** The line on which both axes say the same. */
  readonly diagonal?: boolean
}

/** The smallest and the largest of some lists; undefined when there is no number among them. */
export function extent(lists: readonly ArrayLike<number>[]): [number, number] | undefined {
  let [low, high] = [Infinity, -Infinity]
  for (const list of lists)
    for (let i = 0; i < list.length; i++) {
      const value = list[i]!
      if (value < low) low = value
      if (value > high && value !== Infinity) high = value
    }
  return low <= high ? [low, high] : undefined
}

/** What an axis has to show. */
export function rangeOf(model: ChartModel, side: 'x' | 'y' | 'right'): [number, number] {
  const axis = model[side]
  if (axis?.range) return [axis.range[0], axis.range[1]]
  const own = model.series.filter((series) => side === 'x' || (side === 'right') === (series.right ?? false))
  const lists = own.flatMap(({ x, y, low, high, intervals, kind }): ArrayLike<number>[] => {
    const along = side === 'x' ? 'x' : 'y'
    const ends = low && high && intervals === along ? [low, high] : []
    // A bar begins at nothing.
    const zero = kind === 'bars' && side !== 'x' ? [[0]] : []
    return [side === 'x' ? x : y, ...ends, ...zero]
  })
  const marks = (model.marks ?? []).filter((mark) => mark.axis === side).map(({ at }) => at)
  return extent([...lists, marks]) ?? [0, 1]
}
