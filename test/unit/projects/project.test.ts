import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tryLock } from '../../../src-main/projects/lock'
import { createProject, openProject } from '../../../src-main/projects/project'
import { hashBytes, writeProvenance } from '../../../src-main/projects/provenance'
import { temporaryFolder } from '../../fixtures/temporary'

const folder = () => temporaryFolder('project')
const code = (code: string) => expect.objectContaining({ failure: expect.objectContaining({ code }) }) as Error

describe('a project', () => {
  it('opens with what it was made with, once at a time', async () => {
    const dir = folder()
    const made = await createProject(dir, 'run', { seed: 3 })
    await expect(openProject(dir)).rejects.toEqual(code('project-locked'))
    await made.close()
    const opened = await openProject(dir)
    expect(opened.about).toMatchObject({ kind: 'run', request: { seed: 3 }, version: 1 })
    await opened.close()
    await expect(createProject(dir, 'run', {})).rejects.toThrow(`${dir} already holds a run.`)
  })

  it('takes over the lock of a process that is gone', async () => {
    const lock = join(folder(), 'lock')
    mkdirSync(lock)
    writeFileSync(join(lock, 'pid'), '999999999')
    expect(await tryLock(lock)).toBeDefined()
    expect(await tryLock(lock)).toBeUndefined()
  })

  it.each([
    [undefined, 'project-missing'],
    ['{', 'project-damaged'],
    ['{"format":"x"}', 'project-damaged'],
    ['{"format":"lupine-project","version":99}', 'project-newer'],
  ])('refuses a folder whose project.json is %s', async (text, expected) => {
    const dir = folder()
    if (text) writeFileSync(join(dir, 'project.json'), text)
    await expect(openProject(dir)).rejects.toEqual(code(expected))
  })

  it('writes the hash of every result file into its provenance', async () => {
    const project = await createProject(folder(), 'run', {})
    writeFileSync(project.files.plan, 'plan')
    writeFileSync(project.files.events, 'goes on growing')
    await writeProvenance(project.files, { seed: 1 })
    const written = JSON.parse(readFileSync(project.files.provenance, 'utf8')) as {
      seed: number
      files: Record<string, string>
    }
    expect(written.seed).toBe(1)
    expect(written.files['plan.json']).toBe(hashBytes('plan'))
    expect(Object.keys(written.files)).toEqual(['plan.json', 'project.json'])
    await project.close()
  })
})
