export interface Stats {
  /** Operations that arrived; a batch counts as one, and so does each of its items. */
  readonly requests: number
  /** Operations among them that ask for a change, whatever became of it. */
  readonly writes: number
  /** `GET /users/{user}`: how often. */
  readonly byRoute: Readonly<Record<string, number>>
  readonly throttled: number
}

export interface Counter {
  arrived(route: string, writes: boolean): void
  throttled(): void
  read(): Stats
}

/** Memory is bounded by the number of routes. */
export function createCounter(): Counter {
  let requests = 0
  let writes = 0
  let throttled = 0
  const byRoute = new Map<string, number>()
  return {
    arrived: (route, isWrite) => {
      requests += 1
      if (isWrite) writes += 1
      byRoute.set(route, (byRoute.get(route) ?? 0) + 1)
    },
    throttled: () => {
      throttled += 1
    },
    read: () => ({requests, writes, byRoute: Object.fromEntries(byRoute), throttled}),
  }
}
