import { app, dialog, type BrowserWindow } from 'electron'
import type { Program } from '../program/program'

/** How long quitting waits for jobs to be interrupted and engines to end. */
const closeWithinMs = 10_000

/**
 * Closing and quitting ask while a run is going, and interrupt it in an orderly way, so that it can be resumed; once
 * decided, quitting always ends.
 */
export class Leaving {
  private state: 'here' | 'asking' | 'leaving' | 'gone' = 'here'

  constructor(
    private readonly program: Program,
    private readonly window: () => BrowserWindow | undefined,
  ) {
    app.on('before-quit', (event) => {
      if (this.state === 'gone') return
      event.preventDefault()
      void this.leave()
    })
  }

  /** A window that is closed takes the program with it: it goes by way of quitting. */
  guard(window: BrowserWindow): void {
    window.on('close', (event) => {
      if (this.state === 'gone') return
      event.preventDefault()
      app.quit()
    })
  }

  private async leave(): Promise<void> {
    if (this.state !== 'here') return
    this.state = 'asking'
    if (!(await this.mayLeave())) {
      this.state = 'here'
      return
    }
    this.state = 'leaving'
    const late = new Promise<void>((resolve) => setTimeout(resolve, closeWithinMs))
    await Promise.race([this.program.close(), late]).catch((error: unknown) =>
      dialog.showErrorBox('Lupine did not end properly', String(error)),
    )
    this.state = 'gone'
    app.quit()
  }

  private async mayLeave(): Promise<boolean> {
    const jobs = await this.program.call('jobs.list', {})
    const going = jobs.ok
      ? jobs.value.filter(({ state, elsewhere }) => !elsewhere && (state === 'running' || state === 'paused'))
      : []
    if (going.length === 0) return true
    const question = {
      type: 'question' as const,
      message: going.length === 1 ? 'A job is going on.' : `${going.length} jobs are going on.`,
      detail: 'If you leave now it is interrupted. A run can be resumed later, from where it was.',
      buttons: ['Interrupt and leave', 'Stay'],
      defaultId: 1,
      cancelId: 1,
    }
    const window = this.window()
    const { response } = await (window ? dialog.showMessageBox(window, question) : dialog.showMessageBox(question))
    return response === 0
  }
}
