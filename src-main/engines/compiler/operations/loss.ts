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
 * Σ(x − teacher)² / Σ teacher², over the batch: the squared error in units of what the teacher says, so that outputs of
 * different scales (scores, pixels) weigh alike. For outputs that are no logits.
 */
export function squaredError(graph: GraphBuilder, x: Ref, teacher: Ref, rank: number): Loss {
  const node = (op: string, ...inputs: Ref[]) => graph.node(op, inputs, { T: FLOAT })
  const axes = Array.from({ length: rank }, (_, axis) => axis)
  const total = (values: Ref) => graph.sum(values, axes, false)
  const error = node('Sub', x, teacher)
  // A teacher that says nothing but zeros would divide by them.
  const scale = node('AddV2', total(node('Square', teacher)), graph.scalar(1e-12))
  return {
    value: node('RealDiv', total(node('Square', error)), scale),
    gradient: node('RealDiv', node('Mul', error, graph.scalar(2)), scale),
  }
}

/** A loss times a number. */
export function weighted(graph: GraphBuilder, { value, gradient }: Loss, weight: number): Loss {
  const part = (x: Ref) => graph.node('Mul', [x, graph.scalar(weight)], { T: FLOAT })
  return weight === 1 ? { value, gradient } : { value: part(value), gradient: part(gradient) }
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
