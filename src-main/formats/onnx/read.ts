import { fromBinary } from '@bufbuild/protobuf'
import { fail } from '../../core/failure'
import type { Network, Tensor } from '../../core/graph/network'
import type { ExternalReader } from './external'
import { readNodes, readValueInfo } from './graph'
import { sortNodes } from './order'
import { ModelProtoSchema, type GraphProto, type ModelProto } from './schema/onnx_pb'
import { readTensor, type TensorSource } from './tensors'

export const oldestOpset = 7
export const newestOpset = 21

/**
 * ONNX bytes → Network, as written by the exporter (nothing folded: see core/graph/clean.ts), except that half precision
 * becomes float32. Weights stay in `bytes` until they are read.
 *
 * @param place what to call the file in messages
 * @param external finds weights in other files (external.ts); without it they are refused
 * @throws LupineError kind 'input': 'onnx-empty', 'onnx-truncated', 'onnx-foreign', 'onnx-opset', 'onnx-tensor',
 *   'onnx-attribute', 'onnx-external-data', 'onnx-cycle', 'onnx-dangling', 'onnx-duplicate', 'onnx-unsupported'
 */
export function readOnnx(bytes: Uint8Array, place: string, external?: ExternalReader): Network {
  const model = decode(bytes, place)
  const graph = model.graph!
  refuseUnsupported(model, graph, place)
  const domains = new Map(
    model.opsetImport.map(({ domain, version }) => [domain === 'ai.onnx' ? '' : domain, Number(version)]),
  )
  const opset = domains.get('') ?? 0
  domains.delete('')
  if (opset < oldestOpset || opset > newestOpset)
    throw fail(
      'input',
      'onnx-opset',
      `${place} uses ONNX opset ${opset || '(none)'}; Lupine reads ${oldestOpset} to ${newestOpset}.`,
      'Export the model with opset_version=17, or convert it with onnx.version_converter.',
    )
  const source: TensorSource = { place, external }
  const initializers = new Map<string, Tensor>()
  for (const proto of graph.initializer) initializers.set(proto.name, readTensor(proto, source))
  // Before IR version 4 initializers had to be listed as inputs too.
  const inputs = graph.input.filter((input) => !initializers.has(input.name)).map(readValueInfo)
  const known = new Set([...initializers.keys(), ...inputs.map(({ name }) => name)])
  const nodes = sortNodes(readNodes(graph, source), known, place)
  const outputs = graph.output.map(readValueInfo)
  checkEnds(inputs, outputs, new Set([...known, ...nodes.flatMap((node) => node.outputs)]), place)
  return {
    name: graph.name,
    opset,
    domains: Object.fromEntries(domains),
    inputs,
    outputs,
    nodes,
    initializers,
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value])),
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(' '),
  }
}

/** What would be lost without a word. */
function refuseUnsupported(model: ModelProto, graph: GraphProto, place: string): void {
  const refuse = (what: string, hint: string) => fail('input', 'onnx-unsupported', `${place} ${what}.`, hint)
  if (graph.sparseInitializer.length > 0)
    throw refuse('has sparse initializers', 'Export the model with dense weights.')
  const used = new Set(graph.node.map(({ domain, opType }) => `${domain}:${opType}`))
  const local = model.functions.find(({ domain, name }) => used.has(`${domain}:${name}`))
  if (local)
    throw refuse(
      `uses the model's own function "${local.name}"`,
      'Inline its functions first: onnx.inliner.inline_local_functions(model).',
    )
}

/** @throws LupineError 'onnx-dangling', 'onnx-duplicate', 'onnx-truncated' */
function checkEnds(
  inputs: readonly { name: string }[],
  outputs: readonly { name: string }[],
  made: ReadonlySet<string>,
  place: string,
): void {
  const damaged = 'The file is damaged; export it again.'
  if (outputs.length === 0) throw fail('input', 'onnx-truncated', `${place} has no outputs.`, damaged)
  for (const list of [inputs, outputs]) {
    const names = new Set<string>()
    for (const { name } of list) {
      if (names.has(name)) throw fail('input', 'onnx-duplicate', `${place} lists "${name}" twice.`, damaged)
      names.add(name)
    }
  }
  const missing = outputs.find(({ name }) => !made.has(name))
  if (missing) throw fail('input', 'onnx-dangling', `${place}: nothing makes the output "${missing.name}".`, damaged)
}

function decode(bytes: Uint8Array, place: string): ModelProto {
  if (bytes.byteLength === 0)
    throw fail('input', 'onnx-empty', `${place} is empty (0 bytes).`, 'Copy or export the model again.')
  let model: ModelProto
  try {
    model = fromBinary(ModelProtoSchema, bytes)
  } catch (error) {
    // Every ModelProto starts with ir_version (field 1, varint) or, rarely, another low field: a foreign file fails
    // at once, a truncated one after a good start.
    const looksLikeOnnx = bytes[0] === 0x08 && bytes.byteLength > 1 && bytes[1]! < 0x20
    if (looksLikeOnnx)
      throw fail(
        'input',
        'onnx-truncated',
        `${place} ends before the model does (${bytes.byteLength} bytes): ${(error as Error).message}.`,
        'The file is incomplete; copy or export it again.',
        error,
      )
    throw foreign(bytes, place)
  }
  if (!model.graph || (model.irVersion === 0n && model.opsetImport.length === 0)) throw foreign(bytes, place)
  if (model.graph.node.length === 0)
    throw fail('input', 'onnx-truncated', `${place} holds no nodes.`, 'The file is incomplete; export it again.')
  return model
}

/** Names the commonest mistakes by their first bytes. */
function foreign(bytes: Uint8Array, place: string) {
  const text = Buffer.from(bytes.subarray(0, 16)).toString('latin1')
  const guess = text.startsWith('\x89HDF')
    ? 'a Keras/HDF5 file'
    : text.startsWith('PK')
      ? 'a zip archive (PyTorch .pt or .keras)'
      : text.slice(4, 8) === 'TFL3'
        ? 'a TFLite model'
        : text.startsWith('{')
          ? 'JSON (a TensorFlow.js model?)'
          : text.startsWith('version https:')
            ? 'a Git LFS pointer, not the model itself'
            : 'not an ONNX model'
  return fail('input', 'onnx-foreign', `${place} is ${guess}.`, 'Give a .onnx file; export one from your framework.')
}
