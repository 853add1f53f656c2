import { describe, expect, it } from 'vitest'
import { Questions, type Keychain, type QuestionNews } from '../../../src-main/program/questions'

function keychain(): Keychain & { readonly held: Map<string, string> } {
  const held = new Map<string, string>()
  return {
    held,
    isAvailable: async () => true,
    get: async (of) => held.get(of),
    set: async (of, secret) => void held.set(of, secret),
    forget: async (of) => void held.delete(of),
  }
}
const password = { kind: 'password', text: 'Password of pi: ', of: 'pi' } as const

const settle = () => new Promise((resolve) => setTimeout(resolve, 0))

function asking(held?: Keychain, withinMs?: number) {
  const questions = new Questions(held, withinMs)
  const news: QuestionNews[] = []
  questions.listen((one) => news.push(one))
  return { questions, news }
}

describe('a question', () => {
  it('that nobody answers in time is not answered', async () => {
    const { questions, news } = asking(undefined, 10)
    expect(await questions.ask(password)).toBeUndefined()
    expect(news.map(({ type }) => type)).toEqual(['question', 'settled'])
    expect(questions.reply(0, 'late', false)).toBe(false)
  })

  it('is withdrawn when nobody waits any more, or the program ends', async () => {
    const { questions } = asking()
    const stop = new AbortController()
    const [first, second] = [questions.ask(password, stop.signal), questions.ask(password)]
    await settle()
    stop.abort()
    expect(await first).toBeUndefined()
    questions.close()
    expect(await second).toBeUndefined()
    expect(await questions.ask(password, stop.signal)).toBeUndefined()
  })

  it('is answered by the keychain from then on, where that was asked for', async () => {
    const held = keychain()
    const { questions, news } = asking(held)
    const first = questions.ask(password)
    await settle()
    expect(news[0]).toMatchObject({ question: { canRemember: true } })
    questions.reply(0, 'secret', true)
    expect([await first, held.held.get('pi')]).toEqual(['secret', 'secret'])
    expect(await questions.ask(password)).toBe('secret')
    expect(news).toHaveLength(2)
  })

  it('that comes again soon after is put to a person: what the keychain held was wrong', async () => {
    const held = keychain()
    await held.set('pi', 'old')
    const { questions, news } = asking(held)
    expect(await questions.ask(password)).toBe('old')
    const again = questions.ask(password)
    await settle()
    expect([news.length, held.held.size]).toEqual([1, 0])
    questions.reply(0, 'new', false)
    expect([await again, held.held.size]).toEqual(['new', 0])
  })

  it('of trust is never remembered', async () => {
    const held = keychain()
    const { questions, news } = asking(held)
    const trust = questions.ask({ kind: 'trust', text: 'Trust it?', of: 'pi' })
    await settle()
    expect(news[0]).toMatchObject({ question: { canRemember: false } })
    questions.reply(0, 'yes', true)
    expect([await trust, held.held.size]).toEqual(['yes', 0])
  })
})
