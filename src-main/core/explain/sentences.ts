import type { Cause, Judged } from './judge'

const percent = (part: number): string => `${Math.round(part * 100)} %`
const ms = (value: number): string => `${Math.abs(value) >= 0.1 ? value.toPrecision(3) : value.toFixed(3)} ms`
const rate = (perMs: number, unit: string): string =>
  perMs >= 1e6 ? `${(perMs / 1e6).toPrecision(3)} G${unit}/s` : `${(perMs / 1e3).toPrecision(3)} M${unit}/s`

/** The reason in one line. @param total ms of the unpruned network */
export function reasonOf(judged: Judged, total: number): string {
  const { facts, cause } = judged
  const around = facts.before.macs > 0 && facts.after.macs === facts.before.macs && cause.kind !== 'not-pruned'
  const reason = `${around ? 'not pruned, but ' : ''}${main(judged, cause, total)}`
  return [reason, conversions(judged)].filter((part) => part !== '').join('; ')
}

/** The way out in one line; undefined where there is nothing to gain or nothing known. */
export function adviceOf({ better }: Judged): string | undefined {
  if (!better) return undefined
  if (better.kept === 0) return `only removing the branch of ${better.group} helps: ${ms(better.ms)} less`
  const how = better.kept > better.from ? 'more channels and still' : 'the nearest width that saves:'
  return `${better.kept} instead of ${better.from} channels in ${better.group}: ${how} ${ms(better.ms)} less`
}

function main({ facts, shortfall }: Judged, cause: Cause, total: number): string {
  const { before, after } = facts
  const savedMacs = before.macs > 0 ? 1 - after.macs / before.macs : 0
  const savedMs = before.ms > 0 ? 1 - after.ms / before.ms : 0
  switch (cause.kind) {
    case 'removed':
      return after.ms > 0 ? `removed with its branch; what joins it stays (${ms(after.ms)})` : 'removed with its branch'
    case 'no-macs':
      return moved(before.ms, after.ms, 'moves data, multiplies nothing')
    case 'not-pruned': {
      const fixed = facts.groups.map((group) => group.fixed && `${group.id} ${group.fixed}`).filter(Boolean)
      const why = fixed.length === facts.groups.length && fixed.length > 0 ? `: ${fixed[0]}` : ''
      return moved(before.ms, after.ms, `not pruned${why}`)
    }
    case 'as-expected':
      return expected(savedMs, savedMacs, shortfall, cause, total)
    case 'off-critical-path':
      return 'not on the critical path: slower branches run beside it'
    case 'fusion-lost':
      return `fusion lost: ${cause.ops.join(', ')} ran inside it, and now ${cause.ops.length > 1 ? 'take' : 'takes'} ${ms(cause.ms)} alone`
    case 'launch-bound':
      return `launch-bound: ${ms(after.ms)} is little more than the ${ms(cause.floor)} that starting a kernel takes here`
    case 'memory-bound':
      return `memory-bound: its bytes fell by ${percent(1 - after.bytes / before.bytes)} only, and it moves ${rate(cause.rate, 'B')} already`
    case 'off-step': {
      const { kept, free, gain, group } = cause.step
      const worse = gain >= 0.001
      return `width off the step: ${kept} channels of ${group} cost ${worse ? `${ms(gain * total)} more than` : 'as much as'} ${free}`
    }
    case 'layout-conversions':
      return `converting layouts in front of it takes ${ms(cause.ms)} more than before`
    case 'slower-kernel':
      return `the runtime takes another kernel: ${cause.from} before, ${cause.to} now`
    case 'less-efficient':
      return `saved ${percent(savedMs)} of its time for ${percent(savedMacs)} of its MACs: ${rate(cause.from, 'MAC')} before, ${rate(cause.to, 'MAC')} now`
  }
}

function expected(
  savedMs: number,
  savedMacs: number,
  shortfall: number,
  { step }: Extract<Cause, { kind: 'as-expected' }>,
  total: number,
): string {
  const on = step && !step.off ? `, on a step (${step.kept} channels of ${step.group})` : ''
  const how = -shortfall > Math.max(0.002 * total, 0.1) ? 'more than its MACs' : 'as expected'
  return `saved ${how}: ${percent(savedMs)} of its time for ${percent(savedMacs)} of its MACs${on}`
}

/** What did not change by itself, and what its time did nevertheless. */
function moved(before: number, after: number, what: string): string {
  const difference = after - before
  if (Math.abs(difference) < Math.max(0.1 * before, 0.002)) return what
  return `${what}; ${ms(Math.abs(difference))} ${difference > 0 ? 'slower' : 'faster'}`
}

/** Conversions are worth a word where they are not the cause themselves. */
function conversions({ inserted, cause, facts }: Judged): string {
  if (cause.kind === 'layout-conversions' || Math.abs(inserted) < Math.max(0.05 * facts.before.ms, 0.002)) return ''
  return inserted > 0
    ? `${ms(inserted)} of it converts layouts, which it did not need before`
    : `${ms(-inserted)} less for converting layouts`
}
