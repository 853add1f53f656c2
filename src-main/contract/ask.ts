/** What the program may have to know of whoever sits at its door: never written down, never logged. */
export interface Question {
  readonly kind: 'password' | 'passphrase' | 'trust'
  readonly text: string
}

/** @returns undefined when nobody can be asked, or nobody answered */
export type Ask = (question: Question) => Promise<string | undefined>
