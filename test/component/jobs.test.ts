import { afterEach, describe, expect, it, vi } from 'vitest'
import { useAbout } from '../../src-renderer/stores/about'
import { useConnection } from '../../src-renderer/stores/connection'
import { useJobs } from '../../src-renderer/stores/jobs'
import { createFakeProgram } from '../fixtures/fake-program'
import { settle, setting, withStore } from './fake-client'

afterEach(() => vi.useRealTimers())

describe('the jobs', () => {
  it('that were there before the page are found and followed from their first event', async () => {
    const { client, line, program } = setting()
    await program.start('demo', {})
    program.step(5)
    const jobs = withStore(client, useJobs)
    expect(jobs.known).toBe(false)
    line.connect()
    await settle()
    expect(jobs.known).toBe(true)
    expect(jobs.current).toMatchObject({ id: 'job-1', next: 6, state: 'running' })
  })

  it('that someone else starts are noticed', async () => {
    vi.useFakeTimers()
    const { client, line, program } = setting()
    const jobs = withStore(client, useJobs)
    line.connect()
    await vi.advanceTimersByTimeAsync(100)
    await program.start('demo', {})
    await vi.advanceTimersByTimeAsync(3500)
    expect(jobs.current?.id).toBe('job-1')
  })

  it('that are no runs don’t take the run’s place', async () => {
    const { client, line, program } = setting()
    await program.start('demo', {})
    await program.start('evaluate', { model: 'm', data: 'sample' })
    const jobs = withStore(client, useJobs)
    line.connect()
    await settle()
    expect(jobs.all).toHaveLength(2)
    expect(jobs.current?.kind).toBe('demo')
  })

  it('are gone when the program that answers is another one', async () => {
    const { client, line } = setting()
    const jobs = withStore(client, useJobs)
    line.connect()
    await jobs.start('demo', {})
    await settle()
    line.break()
    line.program = createFakeProgram()
    line.connect()
    await settle()
    expect(jobs.current?.state).toBe('gone')
  })

  it('take commands, and say what came of them', async () => {
    const { client, line, program } = setting()
    const jobs = withStore(client, useJobs)
    line.connect()
    await jobs.start('demo', {})
    await settle()
    expect(jobs.startedHere).toBe('job-1')
    await jobs.command('pause', 'job-1')
    await settle()
    expect(jobs.current?.state).toBe('paused')
    await jobs.command('cancel', 'nobody')
    expect(jobs.failure?.code).toBe('unknown-job')
    await jobs.command('cancel', 'job-1')
    await settle()
    expect(jobs.failure).toBeUndefined()
    expect(jobs.current?.state).toBe('cancelled')
    expect(program.calls).toContain('jobs.cancel')
  })
})

it('The engine is asked for on every connection', async () => {
  const { client, line, program } = setting()
  const about = withStore(client, useAbout)
  line.connect()
  await settle()
  line.break()
  line.connect()
  await settle()
  expect(about.about?.engine).toBe('wasm')
  expect(program.calls.filter((name) => name === 'program.about')).toHaveLength(2)
})

it('The connection knows whether it was ever there', async () => {
  const { client, line } = setting()
  const connection = withStore(client, useConnection)
  line.break('lost')
  expect(connection.wasOpen).toBe(false)
  line.connect()
  line.break('refused')
  expect([connection.state, connection.wasOpen, connection.isOpen]).toEqual(['refused', true, false])
  connection.retryNow()
  expect(line.retries).toBe(1)
})
