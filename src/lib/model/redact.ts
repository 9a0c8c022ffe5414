const SHAPES: readonly RegExp[] = [
  // A JSON Web Token, or the beginning of one.
  /\beyJ[\w-]{8,}(?:\.[\w-]*)*/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\bBearer\s+[\w.~+/=-]{16,}/gi,
]

/**
 * Text from elsewhere without what is shaped like a token or a private key (R5). Ours are in `Secret`; this is for words of
 * a service that quotes what it was sent, and for errors that nobody foresaw.
 */
export function redact(text: string): string {
  return SHAPES.reduce((rest, shape) => rest.replace(shape, '[secret]'), text)
}
