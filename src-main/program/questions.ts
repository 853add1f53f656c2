import type { Ask, OpenQuestion, Question } from '../contract'

/** Minutes are for people; a board that waits for an answer meanwhile is given up by its own clocks. */
const answerWithinMs = 180_000
/** A secret from the keychain that is asked for again this soon was the wrong one. */
const provenAfterMs = 600_000

/** Where a door keeps secrets for next time; what it holds never crosses to a window. */
export interface Keychain {
  /** Whether it keeps secrets safely here; without, nothing is offered to be remembered. */
  isAvailable(): Promise<boolean>
  /** @returns undefined when there is none, or the keychain is locked */
  get(of: string): Promise<string | undefined>
  /** What can't be kept is not kept: nobody's login fails for it. */
  set(of: string, secret: string): Promise<void>
  forget(of: string): Promise<void>
}

/** What windows hear of questions. */
export type QuestionNews =
  | { readonly type: 'question'; readonly question: OpenQuestion }
  | { readonly type: 'settled'; readonly question: number }

/** Kinds whose answers a keychain may keep. */
const secrets: ReadonlySet<Question['kind']> = new Set(['password', 'passphrase'])

interface Standing {
  readonly shown: OpenQuestion
  readonly of: string | undefined
  settle(answer: string | undefined): void
}

/**
 * Questions of jobs, put to whatever windows there are: the first answer counts. Windows that come later (a reload) get
 * what still stands. Answers are handed on and, where asked for, to the keychain; they are kept nowhere else.
 */
export class Questions {
  private readonly standing = new Map<number, Standing>()
  private readonly listeners = new Set<(news: QuestionNews) => void>()
  private readonly fromKeychain = new Map<string, number>()
  private next = 0
  private closed = false

  constructor(
    private readonly keychain?: Keychain,
    private readonly withinMs = answerWithinMs,
  ) {}

  readonly ask: Ask = async (question, signal) => {
    const canRemember = await this.keeps(question)
    const known = canRemember ? await this.remembered(question.of!) : undefined
    if (known !== undefined) return known
    if (signal?.aborted || this.closed) return undefined
    return new Promise((resolve) => {
      const id = this.next++
      const timer = setTimeout(() => settle(undefined), this.withinMs)
      const abort = (): void => settle(undefined)
      const settle = (answer: string | undefined): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
        this.standing.delete(id)
        this.tell({ type: 'settled', question: id })
        resolve(answer)
      }
      signal?.addEventListener('abort', abort)
      const shown = {
        ...{ id, kind: question.kind, text: question.text, canRemember },
        until: new Date(Date.now() + this.withinMs).toISOString(),
      }
      this.standing.set(id, { shown, of: question.of, settle })
      this.tell({ type: 'question', question: shown })
    })
  }

  /** What stands is told at once, what comes as it comes; returns the function that stops listening. */
  listen(listener: (news: QuestionNews) => void): () => void {
    this.listeners.add(listener)
    for (const { shown } of this.standing.values()) listener({ type: 'question', question: shown })
    return () => void this.listeners.delete(listener)
  }

  /** @returns false when nobody waits for it (any more) */
  reply(id: number, answer: string | null, remember: boolean): boolean {
    const question = this.standing.get(id)
    if (!question) return false
    if (answer !== null && remember && question.shown.canRemember) void this.keychain!.set(question.of!, answer)
    question.settle(answer ?? undefined)
    return true
  }

  /** Nobody will answer: the program ends. */
  close(): void {
    this.closed = true
    for (const { settle } of [...this.standing.values()]) settle(undefined)
  }

  private async keeps({ kind, of }: Question): Promise<boolean> {
    return of !== undefined && secrets.has(kind) && ((await this.keychain?.isAvailable()) ?? false)
  }

  private async remembered(of: string): Promise<string | undefined> {
    const given = this.fromKeychain.get(of)
    if (given !== undefined && Date.now() - given < provenAfterMs) {
      this.fromKeychain.delete(of)
      await this.keychain!.forget(of)
      return undefined
    }
    const secret = await this.keychain!.get(of)
    if (secret !== undefined) this.fromKeychain.set(of, Date.now())
    return secret
  }

  private tell(news: QuestionNews): void {
    for (const listener of [...this.listeners]) listener(news)
  }
}
