import { contractionOps } from './contraction'
import { elementwiseOps } from './elementwise'
import { layoutOps } from './layout'
import { resizeOps } from './resize'
import type { OpRow } from './row'
import { windowOps } from './window'

/** Every operator core understands. */
export const opRows: Readonly<Record<string, OpRow>> = {
  ...windowOps,
  ...elementwiseOps,
  ...layoutOps,
  ...contractionOps,
  ...resizeOps,
}

/** The row of a node's operator; undefined for an opaque one (an unknown op or another domain). */
export const opRow = (node: { op: string; domain: string }): OpRow | undefined =>
  node.domain === '' ? opRows[node.op] : undefined
