export type GetToken = (signal: AbortSignal, options?: {readonly refresh: boolean}) => Promise<string>

/** Tokens, and one refresh at a time however many requests ask for it. */
export interface Tokens {
  get(signal: AbortSignal): Promise<{readonly token: string; readonly generation: number}>
  /** Asks for a new token, unless one came after `generation`. */
  refresh(generation: number, signal: AbortSignal): Promise<void>
}

export function createTokens(getToken: GetToken): Tokens {
  let generation = 0
  let pending: Promise<void> | undefined
  return {
    async get(signal) {
      const now = generation
      return {token: await getToken(signal), generation: now}
    },
    async refresh(from, signal) {
      if (from !== generation) return
      pending ??= getToken(signal, {refresh: true})
        .then(() => void (generation += 1))
        .finally(() => (pending = undefined))
      await pending
    },
  }
}
