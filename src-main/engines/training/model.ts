import { elementCount, type Network } from '../../core/graph/network'
import { compile, type CompileOptions, type CompiledNetwork } from '../compiler/compile'
import { placeholderShape } from '../compiler/layout'
import { prepare } from '../compiler/prepare'
import { extract, initialValue, type Slot, type Variable } from '../compiler/variables'
import type { Backend, Session, TensorValue } from './session'

/** Values per initializer, in the graph's layout. */
export type Values = ReadonlyMap<string, Float32Array>

/** A network loaded into an engine: its weights live there until they are read back. */
export class LoadedModel {
  readonly compiled: CompiledNetwork
  private readonly session: Session

  /**
   * @param velocities the optimizer's, to go on with; absent: zeros
   * @throws LupineError as compile()
   */
  constructor(
    backend: Backend,
    private readonly network: Network,
    private readonly options: CompileOptions = {},
    velocities?: Values,
  ) {
    this.compiled = compile(network, options)
    this.session = backend.open(this.compiled.nodes)
    this.write(network, velocities)
  }

  /**
   * Sets every weight, the velocities (absent: to zero) and what gradients are multiplied by along the axis that was
   * asked for (absent: 1). `network` has the tensors this one was made from.
   */
  write(network: Network, velocities?: Values, masks?: ReadonlyMap<string, Float32Array>): void {
    const feeds: Record<string, TensorValue> = {}
    const { teacher } = this.compiled
    // Cleaning may have folded constants into weights, so the values are those of the network as it was compiled.
    const own = network === this.network ? this.compiled.network : prepare(network, this.options.inputShape)
    for (const variable of this.compiled.variables) {
      const source = variable.owner === 'teacher' ? teacher! : own
      feeds[variable.feed] = { shape: variable.graphShape, data: initialValue(source, variable) }
    }
    for (const { variable, slot } of this.slots()) {
      const data = velocities?.get(variable.tensor) ?? new Float32Array(elementCount(variable.graphShape))
      feeds[slot.feed] = { shape: variable.graphShape, data }
    }
    for (const [tensor, { feed, shape }] of this.compiled.training?.masks ?? [])
      feeds[feed] = { shape, data: masks?.get(tensor) ?? new Float32Array(elementCount(shape)).fill(1) }
    if (Object.keys(feeds).length) this.session.run(feeds, [this.compiled.initialize])
  }

  /** @param images N images in the graph's layout (NHWC). @returns logits, row-major [N, classes] */
  logits(images: Float32Array, count: number): Float32Array {
    const [logits] = this.session.run(this.feedImages(images, count), [this.compiled.logits!.ref])
    return logits.data as Float32Array
  }

  /** The network's outputs, and the tensors asked for when compiling, for `count` images in the graph's layout. */
  outputs(images: Float32Array, count: number): TensorValue[] {
    const { outputs } = this.compiled
    if (outputs.length === 0) return []
    return this.session.run(
      this.feedImages(images, count),
      outputs.map((output) => output.ref),
    )
  }

  /** One optimizer step. @returns the loss before it */
  step(images: Float32Array, labels: Int32Array, learningRate: number): number {
    const training = this.compiled.training!
    const [loss] = this.session.run(
      {
        ...this.feedBatch(images, labels),
        [training.learningRate]: { shape: [], data: Float32Array.of(learningRate) },
      },
      [training.step],
    )
    return loss.data[0]
  }

  /** Loss and its gradients per initializer (graph layout, no weight decay), without a step. */
  gradients(images: Float32Array, labels: Int32Array): { loss: number; gradients: Map<string, Float32Array> } {
    const { loss, gradients } = this.compiled.training!
    const names = [...gradients.keys()]
    const [value, ...rest] = this.session.run(this.feedBatch(images, labels), [loss, ...gradients.values()])
    return { loss: value.data[0], gradients: new Map(names.map((name, i) => [name, rest[i].data as Float32Array])) }
  }

  /** The network, cleaned, with the weights and running statistics as they are now. */
  read(): Network {
    const own = this.compiled.variables.filter((variable) => variable.owner === 'network')
    const network = { ...this.compiled.network, inputs: this.network.inputs }
    return extract(network, own, this.readSlots(own.map((variable) => ({ variable, slot: variable }))))
  }

  readVelocities(): Map<string, Float32Array> {
    return this.readSlots(this.slots())
  }

  close(): void {
    this.session.close()
  }

  private slots(): { variable: Variable; slot: Slot }[] {
    const velocities = this.compiled.training?.velocities
    return this.compiled.variables.flatMap((variable) => {
      const slot = variable.owner === 'network' ? velocities?.get(variable.tensor) : undefined
      return slot ? [{ variable, slot }] : []
    })
  }

  private readSlots(slots: readonly { variable: Variable; slot: Slot }[]): Map<string, Float32Array> {
    if (slots.length === 0) return new Map()
    const values = this.session.run(
      {},
      slots.map(({ slot }) => slot.value),
    )
    return new Map(slots.map(({ variable }, i) => [variable.tensor, values[i].data as Float32Array]))
  }

  private feedImages(images: Float32Array, count: number): Record<string, TensorValue> {
    const { ref, shape } = this.compiled.input
    return { [ref]: { shape: [count, ...placeholderShape(shape).slice(1)], data: images } }
  }

  private feedBatch(images: Float32Array, labels: Int32Array): Record<string, TensorValue> {
    const batch = this.feedImages(images, labels.length)
    const { labels: ref } = this.compiled.training!
    return { ...batch, [ref]: { shape: [labels.length], data: labels } }
  }
}
