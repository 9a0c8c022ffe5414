/** Line of each key of a JSON text that parses: `netbios.CONTOSO` → 3. A key written twice is in `twice`. */
export interface KeyLines {
  readonly lines: ReadonlyMap<string, number>
  readonly twice: readonly {readonly path: string; readonly line: number}[]
}

/** Walks the text of valid JSON once. Array items count from 0: `seedFiles.0`. */
export function keyLines(text: string): KeyLines {
  const lines = new Map<string, number>()
  const twice: {path: string; line: number}[] = []
  /** One entry an open object or array: the key or index that is being read. */
  const stack: {key: string | number; isObject: boolean}[] = []
  let line = 1
  let expectKey = false
  const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:\n]/g
  for (const [token] of text.matchAll(tokens)) {
    const top = stack.at(-1)
    if (token === '\n') line++
    else if (token === '{' || token === '[') {
      stack.push({key: token === '{' ? '' : 0, isObject: token === '{'})
      expectKey = token === '{'
    } else if (token === '}' || token === ']') {
      stack.pop()
      expectKey = false
    } else if (token === ',' && top !== undefined) {
      if (typeof top.key === 'number') top.key++
      expectKey = top.isObject
    } else if (token === ':') expectKey = false
    else if (token.startsWith('"') && expectKey && top !== undefined) {
      top.key = String(JSON.parse(token))
      const path = stack.map(({key}) => key).join('.')
      if (lines.has(path)) twice.push({path, line})
      else lines.set(path, line)
    }
  }
  return {lines, twice}
}
