import { expect, it } from 'vitest'
import { createFakeProgram } from '../fixtures/fake-program'
import { StandIn } from './stand-in'

/**
 * A search of 50,000 candidates, replayed to a page that comes late and then going on at 20 events a second, through the
 * real server, client, stores and drawing. Long tasks are what the browser itself reports (50 ms and more).
 */
const candidates = 50_000
const stepsBefore = 36

const standIn = StandIn.forTests()

/** ms of every long task since it was asked to watch. */
const watch = `window.longTasks = []; new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) window.longTasks.push(duration)
}).observe({ type: 'longtask' })`

it('draws 50,000 candidates, and stays quick while more come', { timeout: 240_000 }, async () => {
  const program = createFakeProgram({ evaluations: candidates + 400 })
  await program.start('demo', {})
  program.step(stepsBefore + candidates)
  await standIn.serve(program)
  const window = await standIn.window()
  const { page } = window
  await page.getByRole('group', { name: new RegExp(`Scatter plot of ${candidates}`) }).waitFor({ timeout: 120_000 })
  await window.shot('search-50000')
  await page.waitForTimeout(500)
  await page.evaluate(watch)
  for (let i = 0; i < 100; i++) {
    program.step(1)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await page.getByRole('group', { name: new RegExp(`Scatter plot of ${candidates + 100}`) }).waitFor()
  const tasks = await page.evaluate<number[]>('window.longTasks')
  console.info(`long tasks: ${tasks.map((task) => Math.round(task)).join(', ') || 'none'}`)
  // Other work on the machine stretches a task that is short by itself: a few, and none of them long.
  expect(tasks.filter((task) => task > 120)).toEqual([])
  expect(tasks.length).toBeLessThan(5)
  await window.leave()
})
