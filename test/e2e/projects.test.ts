import { rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { lockBy, makeProject, started, step, tell } from '../fixtures/project'
import { temporaryFolder } from '../fixtures/temporary'
import { launchBrowser, Window } from './browser'
import { RealServer } from './program'

/** Folders of runs before the real program: written by others, going on elsewhere, damaged, or gone. */
let browser: Browser
let server: RealServer
let folder: string

beforeAll(async () => {
  folder = temporaryFolder('e2e-projects')
  browser = await launchBrowser()
  server = await RealServer.start(['--root', folder])
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

async function search(): Promise<Window> {
  const window = await Window.open(browser, server.url)
  const close = window.page.getByRole('button', { name: 'Close', exact: true })
  await close.click()
  return window
}

async function browseTo(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Open a project …' }).click()
  await page.getByRole('button', { name: new RegExp(`${name}\\s*, project`) }).click()
}

it('projects that can’t be opened say why where they were picked', async () => {
  const newer = makeProject(join(folder, 'from the future'))
  writeFileSync(newer.project, JSON.stringify({ format: 'lupine-project', version: 99, kind: 'run' }))
  const tampered = makeProject(join(folder, 'tampered'))
  rmSync(tampered.journal, { force: true })
  symlinkSync('/etc/passwd', tampered.journal)
  makeProject(join(folder, 'untouched'))
  const window = await search()
  const { page } = window
  for (const [name, words] of [
    ['from the future', /written by a newer Lupine/],
    ['tampered', /outside/],
    ['untouched', /nothing has been done in it yet/],
  ] as const) {
    await browseTo(page, name)
    await page.getByRole('alert').filter({ hasText: words }).waitFor()
    await page.getByRole('button', { name: 'Open a project …' }).click()
  }
  await window.shot('projects-refused')
  await page.getByRole('button', { name: 'Open a project …' }).click()
  await page.getByLabel('Path', { exact: true }).fill('/etc')
  await page.keyboard.press('Enter')
  await page
    .getByRole('alert')
    .filter({ hasText: /outside/ })
    .waitFor()
  await window.leave()
})

it('two windows watch a run of another process, and say when its folder is gone', async () => {
  const files = makeProject(join(folder, 'elsewhere'))
  lockBy(files, process.pid)
  tell(
    files,
    'far',
    0,
    started,
    { type: 'stage', stage: 'search', title: 'Search the ratios', index: 3, of: 9 },
    step(1),
  )
  const [one, two] = [await search(), await search()]
  for (const { page } of [one, two]) {
    await browseTo(page, 'elsewhere')
    await page.getByText('1/100').waitFor()
    await page.getByText('Watched: another process’s run').waitFor()
    expect(await page.getByRole('button', { name: /^(Pause|Interrupt)$/ }).count()).toBe(0)
  }
  tell(files, 'far', 3, step(40))
  for (const { page } of [one, two]) await page.getByText('40/100').waitFor()
  await one.shot('projects-watched')
  await two.page.reload()
  await two.page.getByText('40/100').waitFor()
  rmSync(files.root, { recursive: true })
  for (const { page } of [one, two])
    await page
      .getByText(/elsewhere is not there any more/)
      .first()
      .waitFor()
  await one.shot('projects-gone')
  await one.leave()
  await two.leave()
})
