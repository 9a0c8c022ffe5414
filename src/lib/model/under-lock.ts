/**
 * Does `work` and releases the lock after it. A lock that cannot be released frees itself: what came of the work, well or not, is
 * what counts.
 */
export async function underLock<T>(lock: {release(): Promise<void>}, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } finally {
    await lock.release().catch(() => {})
  }
}
