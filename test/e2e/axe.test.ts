import { homedir } from 'node:os'
import { AxeBuilder } from '@axe-core/playwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakeProjectId } from '../fixtures/fake-job'
import { Window, type Theme } from './browser'
import { RealServer } from './program'
import { StandIn } from './stand-in'

/** All accessibility scans: every state of every room, in both themes. */
const standIn = StandIn.forTests()

async function scan(window: Window, state: string): Promise<void> {
  await window.shot(`axe-${state}`)
  // Legacy mode: axe's own way of opening pages for frames is not ours to serve.
  // Window splitters lie between the landmarks that they part.
  const scanned = new AxeBuilder({ page: window.page }).setLegacyMode(true).exclude('.divider')
  const { violations } = await scanned.analyze()
  const found = violations.map(
    ({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map((node) => node.html).join(' ')}`,
  )
  expect(found, state).toEqual([])
}

describe.each(['light', 'dark'] as const)('in the %s theme', (theme: Theme) => {
  it('every state is free of violations', async () => {
    const window = await standIn.open({}, 'search', theme)
    const { page } = window
    const button = page.getByRole('button', { name: 'Start the sample run' })
    await button.waitFor()
    await scan(window, `${theme}-empty`)
    await button.click()
    await page.getByRole('heading', { name: /Sample run/ }).waitFor()
    standIn.program.step(65)
    await page.getByRole('group', { name: /Scatter plot/ }).waitFor()
    await scan(window, `${theme}-search`)
    const tables = page.getByRole('button', { name: 'Table', exact: true })
    for (let i = 0; i < 3; i++) await tables.nth(i).click()
    await scan(window, `${theme}-tables`)
    for (let i = 0; i < 3; i++) await tables.nth(i).click()
    await page.getByRole('group', { name: /Scatter plot/ }).focus()
    for (const key of ['ArrowRight', 'Enter']) await page.keyboard.press(key)
    await page.getByRole('button', { name: 'Take this plan' }).waitFor()
    await scan(window, `${theme}-pinned`)
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByRole('button', { name: 'Continue' }).waitFor()
    await scan(window, `${theme}-paused`)
    await page.getByRole('button', { name: 'Interrupt' }).click()
    await page.getByRole('heading', { name: /^Interrupted/ }).waitFor()
    await scan(window, `${theme}-interrupted`)
    await page.getByRole('button', { name: 'New run …' }).click()
    await page.getByRole('button', { name: 'Start the run' }).click()
    await scan(window, `${theme}-complaints`)
    await button.click()
    await page.getByRole('button', { name: 'Pause' }).waitFor()
    standIn.program.step(400)
    await page.getByText('1.66× as fast, measured').waitFor()
    await scan(window, `${theme}-finished`)
    await page.getByRole('link', { name: 'Log' }).click()
    await page.getByRole('heading', { name: 'Log' }).waitFor()
    await scan(window, `${theme}-log`)
    await standIn.close()
    await page.getByText('has stopped answering').waitFor()
    await scan(window, `${theme}-lost`)
    await window.leave(/ERR_CONNECTION_REFUSED|WebSocket connection/)
  })

  it('the rooms behind the search are free of violations, empty and full', async () => {
    const window = await standIn.open({}, 'finetune', theme)
    const { page } = window
    const go = async (room: string, first: string) => {
      await page.evaluate(`location.hash = '${room}'`)
      await page.getByRole('heading', { name: first }).first().waitFor()
    }
    await page.getByRole('heading', { name: 'Nothing has been trained yet' }).waitFor()
    await scan(window, `${theme}-finetune-empty`)
    await go('compare', 'Nothing to compare yet')
    await scan(window, `${theme}-compare-empty`)
    await go('board', 'Boards')
    await scan(window, `${theme}-board-empty`)
    await standIn.program.start('demo', {})
    standIn.program.step(136)
    await go('finetune', 'Fine-tuning of the run')
    await page.getByRole('group', { name: /Validation top-1 over/ }).waitFor()
    await scan(window, `${theme}-finetune`)
    standIn.program.step(400)
    for (const kind of ['profile', 'staircase', 'explain'] as const) await standIn.program.start(kind, requests[kind])
    standIn.program.step(10)
    await go('board', 'Staircases')
    await scan(window, `${theme}-board`)
    await page.getByRole('radio', { name: /pi4/ }).check()
    await page.getByRole('button', { name: 'Open a terminal' }).click()
    await page.getByText('Connected', { exact: true }).waitFor()
    await page.keyboard.type('\u001b[31mred \u001b[43mon yellow')
    await scan(window, `${theme}-terminal`)
    await page.keyboard.press('F6')
    await page.keyboard.press('Control+j')
    await go('compare', 'Deploy')
    await page.getByRole('group', { name: 'Layer by layer' }).waitFor()
    await scan(window, `${theme}-compare`)
    await window.leave()
  })
})

const requests = {
  profile: { model: 'm', device: 'local' },
  staircase: { model: 'm', device: 'local' },
  explain: { dir: fakeProjectId },
}

it('nothing is lost at twice the size', async () => {
  const window = await standIn.open()
  await window.page.setViewportSize({ width: 640, height: 430 })
  await window.page.getByRole('button', { name: 'Start the sample run' }).click()
  await window.page.getByRole('heading', { name: /Sample run/ }).waitFor()
  standIn.program.step(400)
  await window.page.getByText('1.66× as fast, measured').waitFor()
  await window.shot('zoom')
  const overflow = await window.page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  )
  expect(overflow).toBe(0)
  await window.leave()
})

describe.each([
  ['light', 1280, 800],
  ['dark', 1920, 1080],
] as const)('the real program in the %s theme at %d × %d', (theme, width, height) => {
  let real: RealServer
  beforeEach(async () => void (real = await RealServer.start()))
  afterEach(() => real.stop())

  it('shows models, data, jobs, commands and settings without violations', { timeout: 120_000 }, async () => {
    const window = await Window.open(standIn.browser, real.url, theme, 'model')
    const { page } = window
    const name = (state: string): string => `${theme}-${width}-${state}`
    await page.setViewportSize({ width, height })
    await page.getByRole('heading', { name: 'A trained network' }).waitFor()
    await page.getByRole('navigation', { name: 'Folder' }).waitFor()
    await scan(window, name('open'))
    await page.getByRole('button', { name: 'Open the sample' }).click()
    await page.getByRole('application').press('ArrowDown')
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    await page.keyboard.press('Control+k')
    await scan(window, name('palette'))
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Measure times' }).click()
    await page.keyboard.press('Control+j')
    await page.getByRole('progressbar').waitFor()
    await scan(window, name('jobs'))
    await page.getByRole('checkbox', { name: 'Times' }).waitFor({ timeout: 60_000 })
    await page.getByRole('checkbox', { name: 'against MACs' }).check()
    await scan(window, name('times'))
    await page.getByRole('tab', { name: 'Log' }).click()
    await page.getByRole('button', { name: 'Table', exact: true }).click()
    await scan(window, name('table'))
    await page.keyboard.press('Control+j')
    await page.keyboard.press('Control+2')
    await page.getByRole('heading', { name: 'Choose the images' }).waitFor()
    await scan(window, name('data-start'))
    await page.getByRole('button', { name: 'Take the sample’s images' }).click()
    await page.getByRole('img').first().waitFor()
    await scan(window, name('data'))
    await page.keyboard.press('Control+,')
    await page.getByRole('heading', { name: 'Settings' }).waitFor()
    await page.getByRole('button', { name: 'Collect the facts' }).click()
    const facts = page.getByRole('region', { name: 'The facts' })
    await facts.waitFor()
    expect(await facts.innerText()).not.toContain(homedir())
    await scan(window, name('settings'))
    await window.leave()
  })
})
