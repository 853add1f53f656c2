import type { CallResult } from '../contract'
import { fail } from '../core/failure'
import { createArchitecture } from '../core/graph/architectures'
import { networkCost } from '../core/graph/cost'
import { saveOnnx } from '../formats/onnx/files'

/** `new NAME`: an untrained network. @throws LupineError 'architecture-unknown', 'input-syntax', 'not-written' */
export async function newModel(request: {
  name: string
  classes: number
  input: string
  seed: number
  out: string
}): Promise<CallResult<'model.new'>> {
  const input = request.input.split('x').map(Number)
  if (input.length !== 3 || !input.every((dim) => Number.isInteger(dim) && dim > 0))
    throw fail(
      'usage',
      'input-syntax',
      `--input "${request.input}" is not CHANNELSxHEIGHTxWIDTH.`,
      'For example --input 3x32x32.',
    )
  const network = createArchitecture(request.name, request.classes, input, request.seed)
  await saveOnnx(request.out, network)
  const { macs, params } = networkCost(network)
  return { macs, params, files: [request.out] }
}
