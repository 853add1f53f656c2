import type { AttributeValue, Network, NetworkNode, Tensor, ValueInfo } from './network'
import type { Random } from '../ports'

/** Builds a Network layer by layer, He-normal weights from a seeded stream (He et al., ICCV 2015). */
export class NetworkBuilder {
  private readonly nodes: NetworkNode[] = []
  private readonly initializers = new Map<string, Tensor>()

  constructor(private readonly random: Random) {}

  constant(name: string, shape: readonly number[], data: Float32Array): string {
    this.initializers.set(name, { type: 'float32', shape, data })
    return name
  }

  integers(name: string, values: readonly number[]): string {
    this.initializers.set(name, { type: 'int64', shape: [values.length], data: Float64Array.from(values) })
    return name
  }

  node(op: string, name: string, inputs: readonly string[], attributes: Record<string, AttributeValue> = {}): string {
    return this.add(op, name, inputs, [`${name}_out`], attributes)[0]!
  }

  /** A node with several outputs, `NAME_out0`, `NAME_out1`, … */
  fork(
    op: string,
    name: string,
    inputs: readonly string[],
    count: number,
    attributes: Record<string, AttributeValue> = {},
  ): string[] {
    const outputs = Array.from({ length: count }, (_, i) => `${name}_out${i}`)
    return this.add(op, name, inputs, outputs, attributes)
  }

  private add(
    op: string,
    name: string,
    inputs: readonly string[],
    outputs: string[],
    attributes: Record<string, AttributeValue>,
  ): string[] {
    this.nodes.push({ name, op, domain: '', inputs, outputs, attributes })
    return outputs
  }

  /** Square kernel, same padding, no bias. */
  conv(name: string, input: string, inputs: number, outputs: number, kernel: number, stride = 1): string {
    return this.squareConv(name, input, [outputs, inputs, kernel, kernel], stride, 1)
  }

  /** One filter per channel, square kernel, same padding, no bias. */
  depthwise(name: string, input: string, channels: number, kernel: number, stride = 1): string {
    return this.squareConv(name, input, [channels, 1, kernel, kernel], stride, channels)
  }

  /** @param shape of the weights: [outputs, inputs per group, kernel, kernel] */
  private squareConv(name: string, input: string, shape: number[], stride: number, group: number): string {
    const [, inputs, kernel] = shape as [number, number, number, number]
    const weight = this.heNormal(`${name}.weight`, shape, inputs * kernel * kernel)
    const pad = (kernel - 1) / 2
    return this.node('Conv', name, [input, weight], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      dilations: [1, 1],
      group,
    })
  }

  batchNorm(name: string, input: string, channels: number, epsilon = 1e-5): string {
    const fill = (suffix: string, value: number) =>
      this.constant(`${name}.${suffix}`, [channels], new Float32Array(channels).fill(value))
    const inputs = [input, fill('weight', 1), fill('bias', 0), fill('running_mean', 0), fill('running_var', 1)]
    return this.node('BatchNormalization', name, inputs, {
      // ONNX keeps them as float32.
      epsilon: Math.fround(epsilon),
      momentum: Math.fround(0.9),
    })
  }

  dense(name: string, input: string, inputs: number, outputs: number): string {
    const weight = this.heNormal(`${name}.weight`, [outputs, inputs], inputs)
    const bias = this.constant(`${name}.bias`, [outputs], new Float32Array(outputs))
    return this.node('Gemm', name, [input, weight, bias], { alpha: 1, beta: 1, transB: 1 })
  }

  finish(name: string, input: readonly number[], output: string, classes: number): Network {
    return this.network(
      name,
      [{ name: 'input', type: 'float32', shape: ['batch', ...input] }],
      [{ name: output, type: 'float32', shape: ['batch', classes] }],
    )
  }

  network(name: string, inputs: readonly ValueInfo[], outputs: readonly ValueInfo[]): Network {
    return {
      name,
      opset: 17,
      domains: {},
      inputs,
      outputs,
      nodes: this.nodes,
      initializers: this.initializers,
      metadata: {},
      producer: 'lupine',
    }
  }

  /** Weights of `fanIn` inputs per output. */
  heNormal(name: string, shape: readonly number[], fanIn: number): string {
    const size = shape.reduce((a, b) => a * b, 1)
    const deviation = Math.sqrt(2 / fanIn)
    // A plain loop: VGG has 138 million of them.
    const values = new Float32Array(size)
    for (let i = 0; i < size; i++) values[i] = this.random.normal() * deviation
    return this.constant(name, shape, values)
  }
}
