import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createResnet } from '../../src-main/core/graph/architectures'
import type { Network, Tensor } from '../../src-main/core/graph/network'
import { writeOnnx } from '../../src-main/formats/onnx/write'
import { concatNetwork, flatteningNetwork } from '../fixtures/networks'
import { noisyNetwork } from '../fixtures/noisy'

export interface Seed {
  readonly name: string
  readonly bytes: Uint8Array
}

/** The same network with its weights made at run time, as "light" models have them. */
function weightless(network: Network): Network {
  const initializers = new Map<string, Tensor>()
  const makers = [...network.initializers].flatMap(([name, tensor]) => {
    if (tensor.type !== 'float32' || tensor.shape.length < 2) {
      initializers.set(name, tensor)
      return []
    }
    const data = Float64Array.from(tensor.shape)
    initializers.set(`${name}.shape`, { type: 'int64', shape: [data.length], data })
    const value: Tensor = { type: 'float32', shape: [1], data: Float32Array.of(0.1) }
    return [
      { name, op: 'ConstantOfShape', domain: '', inputs: [`${name}.shape`], outputs: [name], attributes: { value } },
    ]
  })
  return { ...network, initializers, nodes: [...makers, ...network.nodes] }
}

/** Models to damage; with ../shared also real ones of at most 400 KB. */
export function seeds(withShared: boolean): Seed[] {
  const made = [
    createResnet(8, 10, [3, 16, 16], 1),
    flatteningNetwork(),
    concatNetwork(),
    noisyNetwork(),
    weightless(concatNetwork()),
    { ...createResnet(8, 10, [3, 16, 16], 2), opset: 9 },
  ].map((network, i) => ({ name: `${network.name}-${i}`, bytes: writeOnnx(network) }))
  const folder = resolve(import.meta.dirname, '../../../shared/data/zoo/onnx')
  if (!withShared || !existsSync(folder)) return made
  const files = readdirSync(folder).filter(
    (file) => file.endsWith('.onnx') && statSync(join(folder, file)).size < 400_000,
  )
  return [...made, ...files.map((file) => ({ name: file, bytes: new Uint8Array(readFileSync(join(folder, file))) }))]
}
