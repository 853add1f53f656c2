import { join } from 'node:path'
import { createResnet } from '../../src-main/core/graph/architectures'
import { NetworkBuilder } from '../../src-main/core/graph/builder'
import type { Network } from '../../src-main/core/graph/network'
import { createRandom } from '../../src-main/core/statistics/random'
import { saveOnnx } from '../../src-main/formats/onnx/files'

/** Names as anybody may write them into a file. */
export const oddNames = {
  html: '<img src=x onerror="document.title=`owned`"><b>conv</b>',
  turned: 'layer\u202egnp.1vnoc\u2066',
  long: `features.${'x'.repeat(9_980)}.conv`,
}

/** A chain of convolutions with those names, and an operator that nobody knows. */
function oddNetwork(): Network {
  const b = new NetworkBuilder(createRandom(1))
  const first = b.conv(oddNames.html, 'input', 3, 6, 3)
  const second = b.conv(oddNames.turned, b.node('Relu', 'relu', [first]), 6, 6, 3)
  const mystery = b.node('Mystery', '<script>mystery</script>', [second])
  return b.finish('odd', [3, 8, 8], b.conv(oddNames.long, mystery, 6, 4, 3), 4)
}

/** @returns paths */
export async function writeOddModels(folder: string): Promise<{ large: string; odd: string }> {
  const [large, odd] = [join(folder, 'large.onnx'), join(folder, 'odd.onnx')]
  // 1,000 nodes and more.
  await saveOnnx(large, createResnet(290, 10, [3, 32, 32], 0))
  await saveOnnx(odd, oddNetwork())
  return { large, odd }
}
