export type GetToken = (signal: AbortSignal, options?: {readonly refresh: boolean}) => Promise<string>

/** Tokens, and one refresh at a time however many requests ask for it. */
export interface Tokens {
  get(signal: AbortSignal): Promise<{readonly token: string; readonly generation: number}>
  /** Asks for a new token, unless one came after `generation`. Rejects with the signal's reason when aborted, for this caller alone. */
  refresh(generation: number, signal: AbortSignal): Promise<void>
}

interface Refresh {
  readonly done: Promise<void>
  /** Aborted once nobody waits any more. */
  readonly alone: AbortController
  waiting: number
}

export function createTokens(getToken: GetToken): Tokens {
  let generation = 0
  let pending: Refresh | undefined

  function begin(): Refresh {
    const alone = new AbortController()
    const done = getToken(alone.signal, {refresh: true}).then(() => void (generation += 1))
    return {done, alone, waiting: 0}
  }

  return {
    async get(signal) {
      const now = generation
      return {token: await getToken(signal), generation: now}
    },
    async refresh(from, signal) {
      if (from !== generation) return
      signal.throwIfAborted()
      const ours = (pending ??= begin())
      ours.waiting += 1
      try {
        await orAborted(ours.done, signal)
      } finally {
        ours.waiting -= 1
        if (ours.waiting === 0) {
          if (pending === ours) pending = undefined
          ours.alone.abort(signal.reason)
        }
      }
    },
  }
}

function orAborted(done: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const left = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', left, {once: true})
    done.then(resolve, reject).finally(() => signal.removeEventListener('abort', left))
  })
}
