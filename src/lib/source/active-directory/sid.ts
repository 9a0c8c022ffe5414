/** `S-1-5-21-…` out of the bytes of objectSid; undefined if they are none. */
export function sidText(bytes: Buffer): string | undefined {
  const [revision, count] = bytes
  if (revision !== 1 || count === undefined || bytes.length !== 8 + 4 * count) return undefined
  const parts = Array.from({length: count}, (_, at) => bytes.readUInt32LE(8 + 4 * at))
  return ['S', revision, bytes.readUIntBE(2, 6), ...parts].join('-')
}
