import { calls, jobs, terminalRequest, type CallName, type FileEntry, type JobName } from '../contract'
import type { Jobs } from '../runs/jobs'
import { admit } from './files/admit'
import { Files, type FileOptions } from './files/files'
import { checkProjectPaths } from './files/project-paths'
import { Projects } from './projects/projects'
import { takeUpload } from './files/uploads'
import type { Windows } from './program'
import { Questions, type Keychain } from './questions'

/** Jobs that read what a project names. */
const readsProject: ReadonlySet<string> = new Set(['resume', 'explain', 'take'])

export interface WindowOptions extends FileOptions {
  readonly keychain?: Keychain | undefined
  /** ms that a question waits for an answer. */
  readonly answerWithinMs?: number | undefined
  /** Where the list of projects opened before is kept; default: the user's settings. */
  readonly recent?: string | undefined
}

/** The program's own view of its windows. */
export interface WindowServices extends Windows {
  files(): Promise<Files>
  projects(): Promise<Projects>
  /** Of a job's folder, which windows may use from then on. */
  projectOf(folder: string): Promise<FileEntry['id']>
  close(): void
}

export function createWindows(options: WindowOptions, register: () => Jobs): WindowServices {
  const questions = new Questions(options.keychain, options.answerWithinMs)
  let files: Promise<Files> | undefined
  let projects: Promise<Projects> | undefined
  const theFiles = () => (files ??= Files.create(options))
  const granted = new Map<string, string>()
  return {
    questions,
    files: theFiles,
    projects: () => (projects ??= theFiles().then((known) => new Projects(known, register(), options.recent))),
    async admit(kind, name, request) {
      const schema = kind === 'call' ? calls[name as CallName].request : jobs[name as JobName].request
      const { registry } = await theFiles()
      const admitted = await admit(registry, schema, request)
      // With dialogs there are no roots: a person reaches everything that is theirs.
      if (kind === 'start' && readsProject.has(name) && registry.roots.length > 0) {
        const { dir } = admitted as { dir?: unknown }
        if (typeof dir === 'string') await checkProjectPaths(registry, dir)
      }
      return admitted
    },
    async admitDevice(device) {
      const admitted = await admit((await theFiles()).registry, terminalRequest, { device })
      return (admitted as { device: string }).device
    },
    grant: async (path) => (await theFiles()).grant(path),
    reach: async (id) => (await theFiles()).registry.reach(id),
    upload: async (upload) => takeUpload(await theFiles(), upload),
    async projectOf(folder) {
      const id = granted.get(folder) ?? (await (await theFiles()).registry.grant(folder))
      granted.set(folder, id)
      return id
    },
    close() {
      questions.close()
      void projects?.then((known) => known.close())
    },
  }
}
