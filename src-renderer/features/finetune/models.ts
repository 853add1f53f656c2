import type { ChartModel } from '../../../src-main/core/charts/model'
import { percent } from '../../format'
import type { TrainingView } from '../../stores/job-view'

const short = (value: number): string => String(Number(value.toPrecision(3)))

/** The epoch with the best validation top-1, the first of equals. */
export const bestEpoch = ({ epochs }: TrainingView) =>
  epochs.reduce<TrainingView['epochs'][number] | undefined>(
    (best, one) => (best === undefined || one.top1 > best.top1 ? one : best),
    undefined,
  )

/** Loss and learning rate over the epochs; the epoch that is going on counts as far as it has come. */
export function lossModel({ epochs, now, total }: TrainingView): ChartModel {
  const last = epochs.at(-1)
  const running = now && now.epoch > (last?.epoch ?? 0) ? [{ at: now.epoch - 1 + now.done, loss: now.loss }] : []
  const loss = [...epochs.map((one) => ({ at: one.epoch, loss: one.loss })), ...running]
  return {
    title: 'Loss and learning rate',
    summary: last
      ? `Training loss over ${epochs.length} epochs, from ${short(epochs[0]!.loss)} to ${short(last.loss)}; learning rate now ${short(last.lr)}.`
      : 'Training loss; no epoch has ended yet.',
    x: { label: 'epochs', range: [0, Math.max(1, total ?? 0, last?.epoch ?? 0)], text: short },
    y: { label: 'loss', text: short },
    right: { label: 'learning rate', text: short },
    series: [
      {
        name: 'training loss',
        kind: 'line',
        colour: 'candidate',
        x: loss.map(({ at }) => at),
        y: loss.map((one) => one.loss),
      },
      {
        ...{ name: 'learning rate', kind: 'line', colour: 'baseline', dashed: true, right: true },
        x: epochs.map(({ epoch }) => epoch),
        y: epochs.map(({ lr }) => lr),
      },
    ],
  }
}

/** Validation top-1 over the epochs, the best one marked. */
export function accuracyModel(training: TrainingView): ChartModel {
  const { epochs, total } = training
  const best = bestEpoch(training)
  return {
    title: 'Validation top-1',
    summary: best
      ? `Validation top-1 over ${epochs.length} epochs; the best is epoch ${best.epoch} with ${percent(best.top1)}.`
      : 'Validation top-1; no epoch has ended yet.',
    x: { label: 'epochs', range: [0, Math.max(1, total ?? 0, epochs.at(-1)?.epoch ?? 0)], text: short },
    y: { label: 'top-1, %', text: short },
    series: [
      {
        ...{ name: 'validation top-1', kind: 'line', colour: 'measured' },
        x: epochs.map(({ epoch }) => epoch),
        y: epochs.map(({ top1 }) => top1 * 100),
      },
      {
        name: 'best checkpoint',
        kind: 'dots',
        colour: 'leader',
        x: best ? [best.epoch] : [],
        y: best ? [best.top1 * 100] : [],
      },
    ],
    table: () => ({
      columns: ['epoch', 'loss', 'validation top-1', 'learning rate', 'images/s'],
      rows: epochs.map(({ epoch, loss, top1, lr, imagesPerSecond }) => [
        epoch,
        loss,
        percent(top1),
        short(lr),
        Math.round(imagesPerSecond),
      ]),
    }),
  }
}
