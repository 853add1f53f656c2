import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The folder of bundled files, from sources and from the built tree alike. */
export function resourcePath(name: string): string {
  for (const up of ['../../resources/', '../../../resources/']) {
    const path = fileURLToPath(new URL(`${up}${name}`, import.meta.url))
    if (existsSync(path)) return path
  }
  return fileURLToPath(new URL(`../../resources/${name}`, import.meta.url))
}

/** The sample network: a ResNet-20 trained on the sample's images by this project's own engine. */
export const samplePath = (): string => resourcePath('sample/resnet20-sample.onnx')

/** What runs on boards. */
export const agentPath = (): string => resourcePath('agent/lupine_agent.py')
