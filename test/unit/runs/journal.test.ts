import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FileJournal } from '../../../src-main/runs/journal'
import { temporaryFolder } from '../../fixtures/temporary'

const file = () => join(temporaryFolder('journal'), 'journal.jsonl')
const never = () => Promise.reject(new Error('asked again'))

describe('FileJournal', () => {
  it('replays what it holds and then asks', async () => {
    const path = file()
    const first = FileJournal.open(path)
    await first.record('score', 'a', () => Promise.resolve({ divergence: 0.1 }))
    await first.record('score', 'b', () => Promise.resolve({ divergence: 0.2 }))
    first.close()

    const second = FileJournal.open(path)
    expect(await second.record('score', 'a', never)).toEqual({ divergence: 0.1 })
    expect(await second.record('score', 'b', never)).toEqual({ divergence: 0.2 })
    expect(await second.record('score', 'c', () => Promise.resolve(3))).toBe(3)
    expect(second.replayed()).toBe(2)
    second.close()
    expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(3)
  })

  it('has a value on disk before it is used', async () => {
    const path = file()
    const journal = FileJournal.open(path)
    await journal.record('score', 'a', () => Promise.resolve(1))
    expect(readFileSync(path, 'utf8')).toBe('{"kind":"score","key":"a","value":1}\n')
    journal.close()
  })

  it('drops a last line that a crash cut short, and goes on from there', async () => {
    const path = file()
    const first = FileJournal.open(path)
    await first.record('score', 'a', () => Promise.resolve(1))
    first.close()
    appendFileSync(path, '{"kind":"score","key":"b","val')

    const second = FileJournal.open(path)
    expect(await second.record('score', 'a', never)).toBe(1)
    expect(await second.record('score', 'b', () => Promise.resolve(2))).toBe(2)
    second.close()
    expect(
      readFileSync(path, 'utf8')
        .split('\n')
        .map((line) => line && JSON.parse(line).value),
    ).toEqual([1, 2, ''])
  })

  it('refuses a journal of another run', async () => {
    const path = file()
    const first = FileJournal.open(path)
    await first.record('score', 'a', () => Promise.resolve(1))
    first.close()
    await expect(FileJournal.open(path).record('latency', 'a', never)).rejects.toThrow(
      'entry 1 is score "a", but this run asks for latency "a"',
    )
  })

  it('refuses a file that is damaged before its last line', () => {
    const path = file()
    appendFileSync(path, 'garbage\n{"kind":"score","key":"a","value":1}\n')
    expect(() => FileJournal.open(path)).toThrow('line 1 is not JSON')
  })
})
