import { existsSync, readdirSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'

const data = resolve(import.meta.dirname, '../../../shared/data')

/** Why a file takes no part, by name. */
export const leftOut: Readonly<Record<string, string>> = {
  'fns-candy-styletransfer-winml.onnx':
    'onnxruntime cannot load it with its graph optimisations, and rounds 1e-4 of the range apart without them',
  'hls4ml-branched-chlast.onnx': 'onnxruntime cannot load it: operators of the domain qonnx.custom_op',
}

export interface ZooModel {
  readonly name: string
  readonly path: string
}

/** Every ONNX file of the zoo that onnxruntime runs; empty without ../shared. */
export function zooModels(): ZooModel[] {
  const folders = ['models', 'zoo/onnx'].map((folder) => join(data, folder)).filter((folder) => existsSync(folder))
  return folders
    .flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)))
    .filter((path) => path.endsWith('.onnx') && !leftOut[basename(path)])
    .map((path) => ({ name: basename(path, '.onnx'), path }))
}
