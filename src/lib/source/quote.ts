/** A name in a message: in quotes, backslashes as they are (DOMAIN\name), control characters and line breaks made visible. */
export function quote(name: string): string {
  const visible = name.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (letter) =>
    JSON.stringify(letter).slice(1, -1),
  )
  return `"${visible}"`
}
