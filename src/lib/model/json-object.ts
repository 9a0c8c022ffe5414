/** JSON from outside, before anybody looked at what is in it. */
export type JsonObject = Readonly<Record<string, unknown>>

/** The object that a JSON text holds; undefined for any other JSON. Throws SyntaxError where the text is not JSON. */
export function parseJsonObject(text: string): JsonObject | undefined {
  const data: unknown = JSON.parse(text)
  return asJsonObject(data)
}

export function asJsonObject(data: unknown): JsonObject | undefined {
  return typeof data === 'object' && data !== null && !Array.isArray(data) ? {...data} : undefined
}
