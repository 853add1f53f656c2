import { homedir, hostname, release, userInfo } from 'node:os'
import type { CallResult, JobEvent, JobSummary } from '../contract'
import { toFailure } from '../core/failure'
import { Redactor } from '../core/redact'
import { writeAtomically } from '../formats/onnx/files'
import { readLines, listMeasurements } from '../projects/contents'
import { readProject } from '../projects/project'
import type { Jobs } from '../runs/jobs'
import { aboutProgram } from './about'
import { listDevices } from './devices'
import { recentProjects } from './projects/recent'
import { version } from './version'

/** Events that are told of each job; what went wrong is at the end. */
const lastEvents = 100

interface DiagnoseRequest {
  readonly dir?: string | undefined
  readonly out?: string | undefined
}

/**
 * `diagnose`: facts of this computer, its devices and jobs (and of a project), redacted.
 * @throws LupineError as readProject; work 'not-written'
 */
export async function diagnoseProgram(
  { dir, out }: DiagnoseRequest,
  jobs: Jobs,
): Promise<CallResult<'program.diagnose'>> {
  const [about, devices, recent] = await Promise.all([
    told(aboutProgram()),
    told(listDevices()),
    recentProjects().catch(() => []),
  ])
  const facts = {
    format: 'lupine-diagnostics',
    version: 1,
    lupine: version,
    node: process.version,
    electron: process.versions['electron'] ?? null,
    platform: { name: process.platform, arch: process.arch, release: release() },
    about,
    devices,
    projects: recent.length,
    jobs: jobs.list().map((job) => toldJob(job, jobs)),
    ...(dir === undefined ? {} : { project: await toldProject(dir) }),
  }
  const bundle = redactorFor(facts, [...recent.map(({ path }) => path), ...(dir === undefined ? [] : [dir])]).value(
    facts,
  ) as Record<string, unknown>
  if (out !== undefined) await writeAtomically(out, `${JSON.stringify(bundle, null, 2)}\n`)
  return { bundle, files: out === undefined ? [] : [out] }
}

/** What can't be found out is a fact too. */
const told = <T>(work: Promise<T>): Promise<T | { readonly failure: unknown }> =>
  work.catch((error: unknown) => ({ failure: toFailure(error) }))

function toldJob(job: JobSummary, jobs: Jobs): object {
  const events: JobEvent[] = []
  jobs.subscribe(job.id, Math.max(0, job.events - lastEvents), (event) => events.push(event))()
  return { ...job, events }
}

async function toldProject(dir: string): Promise<object> {
  const { files, about } = await readProject(dir)
  const events: unknown[] = []
  for await (const event of readLines(files, files.events)) {
    events.push(event)
    if (events.length > lastEvents) events.shift()
  }
  return { about, measurements: await listMeasurements(files), events }
}

/** Knows this computer and its user, the boards, and every path that requests name. */
function redactorFor(facts: object, paths: readonly string[]): Redactor {
  const files = new Set<string>([homedir(), ...paths])
  const hosts = new Set<string>([hostname()])
  const collect = (value: unknown, key = ''): void => {
    if (typeof value === 'string') {
      const path = /^(?:\w+:)?((?:~|[A-Za-z]:)?[\\/].*)$/s.exec(value)?.[1]
      if (path && !value.includes('://')) files.add(path)
    } else if (Array.isArray(value)) value.forEach((one) => collect(one, key))
    else if (typeof value === 'object' && value !== null) {
      const { name, address } = value as { name?: unknown; address?: unknown }
      if (key === 'saved' && typeof name === 'string') hosts.add(name)
      if (key === 'saved' && typeof address === 'string' && URL.canParse(address)) hosts.add(new URL(address).hostname)
      for (const [inner, one] of Object.entries(value)) collect(one, inner)
    }
  }
  collect(facts)
  return new Redactor({ users: [userInfo().username], hosts: [...hosts], files: [...files] })
}
