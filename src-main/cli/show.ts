import type { JobEvent } from '../contract'
import { duration } from './format'

/** Draws a job's events on stderr: a bar where it is a terminal, a line now and then where it is not. */
export function createProgressView(stream: NodeJS.WriteStream): (event: JobEvent) => void {
  let lastLine = 0
  let onBar = false
  const clear = (): void => {
    if (onBar) stream.write('\r\x1b[K')
    onBar = false
  }
  const line = (text: string): void => {
    clear()
    stream.write(`${text}\n`)
  }
  return (event) => {
    switch (event.type) {
      case 'stage':
        lastLine = 0
        return line(event.of > 1 ? `[${event.index + 1}/${event.of}] ${event.title}` : event.title)
      case 'progress': {
        const fraction = Math.min(1, event.done / Math.max(1e-9, event.total))
        const left = event.secondsLeft === undefined ? '' : `, ${duration(event.secondsLeft)} left`
        const text = `${String(Math.floor(fraction * 100)).padStart(3)} %${left}${event.detail ? ` · ${event.detail}` : ''}`
        if (stream.isTTY) {
          const filled = Math.round(fraction * 20)
          const bar = `${'█'.repeat(filled)}${'░'.repeat(20 - filled)}`
          stream.write(`\r\x1b[K      ${bar} ${text}`.slice(0, (stream.columns || 100) + 4))
          onBar = true
        } else if (Date.now() - lastLine > 15_000) {
          lastLine = Date.now()
          line(`      ${text}`)
        }
        return
      }
      case 'note':
        return line(`${event.level === 'warning' ? 'Warning: ' : ''}${event.text}`)
      case 'paused':
        return line('Paused.')
      case 'continued':
        return line('Going on.')
      case 'finished':
      case 'failed':
        return clear()
    }
  }
}
