import { INT, type Attribute, type GraphBuilder, type Ref } from '../graph'
import { record, type Pass } from '../pass'
import { convolutionAttributes, type Weight, type Window } from './convolution'

/** [N, height, width, channels], N being x's when the graph runs. */
function sizeLike(graph: GraphBuilder, x: Ref, [height, width]: readonly number[], channels: number): Ref {
  const batch = graph.node('Mul', [graph.shapeOf(x), graph.ints([1, 0, 0, 0])], { T: INT })
  return graph.node('AddV2', [batch, graph.ints([0, height, width, channels])], { T: INT })
}

/**
 * The transposed convolution of x [N, h, w, I] with `weight` [kH, kW, O, I] (or [kH, kW, C, 1] when depthwise), in
 * full: [N, (h − 1) · stride + extent, …, O], extent being the dilated kernel's. It is what a convolution without pads
 * does to its gradient.
 */
export function transposedConvolution(
  pass: Pass,
  x: Ref,
  weight: Weight,
  { kernel, strides, dilations }: Pick<Window, 'kernel' | 'strides' | 'dilations'>,
  size: readonly [number, number],
  depthwise: boolean,
): Ref {
  const { graph } = pass
  const whole = [0, 1].map((axis) => (size[axis] - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis] + 1)
  const window: Window = { kernel, strides, dilations, pads: { top: 0, bottom: 0, left: 0, right: 0 } }
  const attributes: Record<string, Attribute> = convolutionAttributes(window, [whole[0], whole[1]])
  const op = depthwise ? 'DepthwiseConv2dNative' : 'Conv2D'
  const backprop = depthwise ? 'DepthwiseConv2dNativeBackprop' : 'Conv2DBackprop'
  const sizes = sizeLike(graph, x, whole, weight.graphShape[2])
  const y = graph.node(`${backprop}Input`, [sizes, weight.ref, x], attributes)
  return record(pass, y, [x, weight.ref], (dy, accumulate) => {
    accumulate(x, () => graph.node(op, [dy, weight.ref], attributes))
    accumulate(weight.ref, () => graph.node(`${backprop}Filter`, [dy, graph.ints(weight.graphShape), x], attributes))
  })
}
