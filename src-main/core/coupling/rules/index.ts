import { contractionRules } from './contraction'
import { passSpatial, type CouplingRule } from './context'
import { elementwiseRules } from './elementwise'
import { layoutRules } from './layout'
import { reshape } from './reshape'

/** Keyed like graph/ops; an operator that is missing here blocks what reaches it. */
export const couplingRules: Readonly<Record<string, CouplingRule>> = {
  ...elementwiseRules,
  ...contractionRules,
  ...layoutRules,
  Reshape: reshape,
  Flatten: reshape,
  Squeeze: reshape,
  Unsqueeze: reshape,
  MaxPool: passSpatial,
  AveragePool: passSpatial,
  GlobalAveragePool: passSpatial,
  GlobalMaxPool: passSpatial,
  LpPool: passSpatial,
  GlobalLpPool: passSpatial,
}

export { opaqueRule, type CouplingRule, type RuleContext } from './context'
