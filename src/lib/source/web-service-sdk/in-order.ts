/** Works on several items at a time and gives the results in the items' order; holds no more than `width` of them. */
export async function* inOrder<T, R>(
  items: Iterable<T>,
  width: number,
  work: (item: T, signal: AbortSignal) => Promise<R>,
  signal: AbortSignal,
): AsyncGenerator<R> {
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  const running: Promise<R>[] = []
  const iterator = items[Symbol.iterator]()
  const fill = (): void => {
    while (running.length < width) {
      const next = iterator.next()
      if (next.done) return
      const one = work(next.value, both)
      // Its failure is met where its turn comes; until then it is not unhandled.
      one.catch(() => undefined)
      running.push(one)
    }
  }
  try {
    for (fill(); running.length > 0; fill()) {
      signal.throwIfAborted()
      const first = await running[0]
      void running.shift()
      yield first as R
    }
  } finally {
    stop.abort()
    iterator.return?.()
  }
}
