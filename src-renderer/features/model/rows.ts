import type { CallResult } from '../../../src-main/contract'
import type { GraphNode } from '../../../src-main/contract/model'

export interface NodeRow {
  readonly index: number
  readonly layer: string
  readonly op: string
  readonly shape: string
  readonly macs: number
  readonly params: number
  readonly ms: number | undefined
  /** Ids of the groups whose channels it makes or carries. */
  readonly group: string
  /** Why none of them can be pruned; '' where one can. */
  readonly why: string
  readonly isOpaque: boolean
}

export type Column = 'index' | 'layer' | 'op' | 'shape' | 'macs' | 'params' | 'ms' | 'group'

/** Sizes behind an open batch: ["batch", 16, 32, 32] → "16 × 32 × 32" */
export const sizesText = (shape: readonly (number | string)[]): string =>
  (typeof shape[0] === 'string' ? shape.slice(1) : shape).join(' × ')

export function nodeRows(
  nodes: readonly GraphNode[],
  groups: CallResult<'model.inspect'>['groups'],
  times?: readonly (number | undefined)[],
): NodeRow[] {
  return nodes.map((node, index) => {
    const own = node.makes.flatMap((group) => groups[group] ?? [])
    const blocked = own.length > 0 && own.every((group) => !group.prunable)
    return {
      ...{ index, layer: node.layer, op: node.op, shape: sizesText(node.shape), macs: node.macs, params: node.params },
      ms: times?.[index],
      group: own.map(({ id }) => id).join(', '),
      why: blocked ? (own[0]!.why ?? 'not said') : '',
      isOpaque: node.kind === 'opaque',
    }
  })
}

export function sortRows(rows: readonly NodeRow[], column: Column, down: boolean): NodeRow[] {
  const sign = down ? -1 : 1
  return [...rows].sort((a, b) => {
    const [x, y] = [a[column] ?? -1, b[column] ?? -1]
    const order = typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y))
    return sign * order || a.index - b.index
  })
}

/** As tab-separated values; a name's own tabs and line ends become spaces. */
export function tableTsv(rows: readonly NodeRow[]): string {
  const head = ['#', 'layer', 'operator', 'output', 'MACs', 'parameters', 'ms', 'channels go with', 'why not prunable']
  const cells = (row: NodeRow) =>
    [row.index, row.layer, row.op, row.shape, row.macs, row.params, row.ms ?? '', row.group, row.why].map((cell) =>
      String(cell).replaceAll(/[\t\r\n]+/g, ' '),
    )
  return [head, ...rows.map(cells)].map((line) => line.join('\t')).join('\n')
}
