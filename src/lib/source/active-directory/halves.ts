/** The server would not give all of one answer at once. */
export const TOO_LARGE = Symbol('too large')

/**
 * Answers for all values, asked together; where the server cuts an answer off, in halves, down to single values. A value
 * that is too much by itself comes back in `tooLarge`.
 */
export async function inHalves<T>(
  values: readonly string[],
  ask: (values: readonly string[]) => Promise<readonly T[] | typeof TOO_LARGE>,
): Promise<{readonly found: readonly T[]; readonly tooLarge: readonly string[]}> {
  if (values.length === 0) return {found: [], tooLarge: []}
  const answer = await ask(values)
  if (answer !== TOO_LARGE) return {found: answer, tooLarge: []}
  if (values.length === 1) return {found: [], tooLarge: values}
  const middle = values.length >> 1
  const left = await inHalves(values.slice(0, middle), ask)
  const right = await inHalves(values.slice(middle), ask)
  return {found: [...left.found, ...right.found], tooLarge: [...left.tooLarge, ...right.tooLarge]}
}
