import type { ChartModel } from '../../../src-main/core/charts/model'
import { svgOf, type Palette } from '../../../src-main/core/charts/svg'
import { tableOf, toCsv } from '../../../src-main/core/charts/table'
import { chartFont } from './colours'

export type ChartFile = 'csv' | 'svg' | 'png'

/** Of exported drawings, px; PNG at twice of it. */
const size = { width: 960, height: 540 }

/** Hands the chart to the browser as a file. */
export async function saveChart(model: ChartModel, kind: ChartFile, palette: Palette): Promise<void> {
  save(await chartFile(model, kind, palette), `${fileName(model.title)}.${kind}`)
}

async function chartFile(model: ChartModel, kind: ChartFile, palette: Palette): Promise<Blob> {
  if (kind === 'csv') return new Blob([toCsv(tableOf(model))], { type: 'text/csv;charset=utf-8' })
  const svg = svgOf(model, { ...size, palette, opaque: true, font: chartFont() })
  if (kind === 'svg') return new Blob([svg], { type: 'image/svg+xml;charset=utf-8' })
  return pngOf(svg)
}

async function pngOf(svg: string): Promise<Blob> {
  const image = new Image(size.width, size.height)
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`
  await image.decode()
  const canvas = document.createElement('canvas')
  canvas.width = size.width * 2
  canvas.height = size.height * 2
  canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height)
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/png'),
  )
}

/** Hands the browser a file to keep. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

/** "Predicted vs measured" → "predicted-vs-measured" */
export const fileName = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '') || 'chart'
