import { FLOAT, INT, type GraphBuilder, type Ref } from '../graph'

/** A loss averaged over the batch, and its gradient with respect to the logits. */
export interface Loss {
  readonly value: Ref
  readonly gradient: Ref
}

const mean = (graph: GraphBuilder, perImage: Ref): Ref =>
  graph.node('Mean', [perImage, graph.ints([0])], { T: FLOAT, Tidx: INT, keep_dims: { bool: false } })

/** The batch's size as a float, from a tensor with one entry per image. */
const batchSize = (graph: GraphBuilder, perImage: Ref): Ref =>
  graph.node('Cast', [graph.node('Size', [perImage], { T: FLOAT, out_type: INT })], { SrcT: INT, DstT: FLOAT })

/** Cross-entropy of logits [N, K] against class indices [N], in nats. */
export function crossEntropy(graph: GraphBuilder, logits: Ref, labels: Ref): Loss {
  const op = graph.node('SparseSoftmaxCrossEntropyWithLogits', [logits, labels], { T: FLOAT, Tlabels: INT })
  return {
    value: mean(graph, op),
    gradient: graph.node('RealDiv', [`${op}:1`, batchSize(graph, op)], { T: FLOAT }),
  }
}

/**
 * Soft cross-entropy at a temperature T against a teacher's logits, times T² so that its gradient keeps its size as T
 * changes (Hinton, Vinyals, Dean: Distilling the Knowledge in a Neural Network, 2015).
 */
export function distillation(graph: GraphBuilder, logits: Ref, teacher: Ref, temperature: number): Loss {
  const soften = (x: Ref) => graph.node('Mul', [x, graph.scalar(1 / temperature)], { T: FLOAT })
  const target = graph.node('Softmax', [soften(teacher)], { T: FLOAT })
  const op = graph.node('SoftmaxCrossEntropyWithLogits', [soften(logits), target], { T: FLOAT })
  const scaled = (x: Ref, factor: number) => graph.node('Mul', [x, graph.scalar(factor)], { T: FLOAT })
  return {
    value: scaled(mean(graph, op), temperature ** 2),
    gradient: graph.node('RealDiv', [scaled(`${op}:1`, temperature), batchSize(graph, op)], { T: FLOAT }),
  }
}

/**
 * Cross-entropy against labels of which a share is spread over all classes alike (Szegedy et al.: Rethinking the
 * Inception Architecture, 2016).
 */
export function smoothed(graph: GraphBuilder, logits: Ref, labels: Ref, share: number): Loss {
  const hard = crossEntropy(graph, logits, labels)
  if (share === 0) return hard
  // Logits that are all the same are the uniform distribution.
  const uniform = graph.node('ZerosLike', [logits], { T: FLOAT })
  return blend(graph, hard, distillation(graph, logits, uniform, 1), share)
}

/** (1 − weight) · a + weight · b. */
export function blend(graph: GraphBuilder, a: Loss, b: Loss, weight: number): Loss {
  const part = (x: Ref, factor: number) => graph.node('Mul', [x, graph.scalar(factor)], { T: FLOAT })
  const sum = (x: Ref, y: Ref) => graph.node('AddV2', [part(x, 1 - weight), part(y, weight)], { T: FLOAT })
  return { value: sum(a.value, b.value), gradient: sum(a.gradient, b.gradient) }
}
