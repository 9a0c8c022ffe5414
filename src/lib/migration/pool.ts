/**
 * Runs `work` on each item, at most `width` at once, in the order of the items. After the first error nothing new starts,
 * `halt` is aborted, what is under way ends, and the error is thrown.
 */
export async function pool<T>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
  halt: AbortController,
): Promise<void> {
  let failure: {readonly error: unknown} | undefined
  const running = new Set<Promise<void>>()
  for (const item of items) {
    if (failure !== undefined) break
    const job = work(item)
      .catch((error: unknown) => {
        failure ??= {error}
        halt.abort(error)
      })
      .finally(() => running.delete(job))
    running.add(job)
    if (running.size >= width) await Promise.race(running)
  }
  await Promise.all(running)
  if (failure !== undefined) throw failure.error
}
