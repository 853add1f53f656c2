import { z } from 'zod'

/** What the program may have to know of whoever sits at its door: never written down, never logged. */
export interface Question {
  readonly kind: 'user' | 'password' | 'passphrase' | 'trust'
  readonly text: string
  /** Whose secret it is (a user at a host, a key's file), for doors that keep secrets in a keychain. */
  readonly of?: string | undefined
}

/** @returns undefined when nobody can be asked, nobody answered, or `signal` said that nobody waits any more */
export type Ask = (question: Question, signal?: AbortSignal) => Promise<string | undefined>

/** A question as it stands in a window: whichever window answers first has answered. */
export const openQuestion = z.object({
  id: z.number().int().nonnegative(),
  kind: z
    .enum(['user', 'password', 'passphrase', 'trust'])
    .describe("'trust' is answered with yes or no, 'user' is no secret"),
  text: z.string(),
  until: z.string().describe('ISO 8601: unanswered by then, it counts as not answered'),
  canRemember: z.boolean().describe("whether the system's keychain can keep the answer"),
})
export type OpenQuestion = z.infer<typeof openQuestion>
