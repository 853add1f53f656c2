import { unreadable } from './unreadable'

export interface NcnnModel {
  readonly name: string
  /** ms */
  readonly min: number
  readonly max: number
  readonly average: number
}

export interface NcnnLayer {
  readonly type: string
  readonly name: string
  /** ms, of each run in which it was seen */
  readonly times: readonly number[]
}

/** What benchncnn says on stderr: a line per network. @throws LupineError device 'runtime-output' */
export function readModels(stderr: string): NcnnModel[] {
  const row = /^\s*(\S.*?)\s+min =\s*([\d.]+)\s+max =\s*([\d.]+)\s+avg =\s*([\d.]+)\s*$/gm
  const models = [...stderr.matchAll(row)].map(([, name, ...values]) => {
    const [min, max, average] = values.map(Number) as [number, number, number]
    return { name: name!, min, max, average }
  })
  if (models.length === 0) throw unreadable('benchncnn', 'there is no line "min = … max = … avg = …"')
  return models
}

/** Layers of a build with NCNN_BENCHMARK, in the order of their first run; others say nothing of them. */
export function readLayers(stderr: string): NcnnLayer[] {
  const layers = new Map<string, { type: string; times: number[] }>()
  for (const [, type, name, ms] of stderr.matchAll(/^(\S+)\s+(\S+)\s+([\d.]+)ms\b/gm)) {
    const known = layers.get(name!) ?? { type: type!, times: [] }
    known.times.push(Number(ms))
    layers.set(name!, known)
  }
  return [...layers].map(([name, { type, times }]) => ({ name, type, times }))
}
