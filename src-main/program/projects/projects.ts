import { readdir, stat } from 'node:fs/promises'
import type { CallResult } from '../../contract'
import { lockOwner } from '../../projects/lock'
import { readProject, type ProjectFolder } from '../../projects/project'
import type { Jobs } from '../../runs/jobs'
import { projectGone, ProjectWatch } from '../../runs/watch'
import type { Files } from '../files/files'
import { isProject } from '../files/entries'
import { takenOf } from './parts'
import { forgetProject, recentProjects, rememberProject } from './recent'

/** Projects that are watched at a time; the one opened longest ago goes first. */
const mostWatched = 12

/** Projects as windows have them: read and watched, never locked. */
export class Projects {
  private readonly watches = new Map<string, ProjectWatch>()

  constructor(
    private readonly files: Files,
    private readonly jobs: Jobs,
    private readonly store?: string,
  ) {}

  /**
   * Those outside of the roots are left out: they were opened by another door. Where there are no roots, a person picked
   * them in a dialog, which counts from then on.
   */
  async recent(): Promise<CallResult<'projects.recent'>> {
    const { registry } = this.files
    const reachable = await Promise.all(
      (await recentProjects(this.store)).map(async ({ path, opened }) => {
        if (registry.roots.length === 0) await registry.grant(path)
        const reached = await registry.reachPath(path, true).catch(() => undefined)
        if (!reached) return []
        return [{ project: await this.files.entry(path), opened, there: await isProject(path) }]
      }),
    )
    return { projects: reachable.flat() }
  }

  /** @throws LupineError as FileRegistry.reach and readProject; input 'project-gone' */
  async open(id: string): Promise<CallResult<'projects.open'>> {
    const { files, about } = await this.folder(id)
    const watch = await this.watched(files.root, files)
    await rememberProject(files.root, this.store).catch(() => undefined)
    const pid = await lockOwner(files.lock)
    const stored = about.request as { request?: unknown; settings?: unknown } | null | undefined
    const job = watch.current
    const summary = this.jobs.list().find((one) => one.id === job)
    const running = pid !== undefined
    const state =
      summary?.state === 'cancelled' || (!summary && !running) ? 'interrupted' : (summary?.state ?? 'running')
    return {
      project: await this.files.entry(files.root),
      kind: about.kind,
      created: about.created,
      version: about.version,
      request: stored?.request ?? null,
      settings: stored?.settings ?? null,
      state,
      writer: running ? { here: pid === process.pid, pid } : null,
      job,
      files: await this.entries({
        original: files.original,
        given: files.given,
        model: files.model,
        plan: files.plan,
      }),
      parts: (await readdir(files.root)).filter((name) => !name.startsWith('.')).sort(),
    }
  }

  /** @throws LupineError as folder; input 'project-damaged', 'project-leads-outside' */
  async taken(id: string): Promise<CallResult<'projects.taken'>> {
    const { files } = await this.folder(id)
    const taken = (await takenOf(files)).map(async ({ plan, model, ...costs }) => ({
      ...costs,
      plan: await this.files.entry(plan),
      model: await this.files.entry(model),
    }))
    return { taken: await Promise.all(taken) }
  }

  async forget(id: string): Promise<Record<string, never>> {
    const { path } = await this.files.registry.reach(id, true)
    await forgetProject(path, this.store)
    return {}
  }

  /** A project's folder, for reading. @throws LupineError as FileRegistry.reach and readProject; input 'project-gone' */
  async folder(id: string): Promise<ProjectFolder> {
    const { real, exists } = await this.files.registry.reach(id, true)
    if (!exists) throw projectGone(real)
    return readProject(real)
  }

  close(): void {
    for (const watch of this.watches.values()) watch.close()
    this.watches.clear()
  }

  private async watched(root: string, files: ProjectFolder['files']): Promise<ProjectWatch> {
    const known = this.watches.get(root)
    if (known) {
      await known.look()
      return known
    }
    const watch = new ProjectWatch(files, {
      isOwn: (job) => this.jobs.has(job),
      onJob: (job) => this.jobs.watch(job),
    })
    this.watches.set(root, watch)
    for (const [oldest, one] of [...this.watches].slice(0, -mostWatched)) {
      one.close()
      this.watches.delete(oldest)
      this.jobs.unwatch(oldest)
    }
    await watch.begin()
    return watch
  }

  private async entries<K extends string>(paths: Record<K, string>) {
    const found: Partial<Record<K, Awaited<ReturnType<Files['entry']>>>> = {}
    for (const [name, path] of Object.entries(paths) as [K, string][])
      if (await stat(path).catch(() => undefined)) found[name] = await this.files.entry(path)
    return found
  }
}
