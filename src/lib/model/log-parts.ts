/** Older parts of a log that are kept. */
const OLDER = 9

/** Where the older parts of a log are, newest first; not all of them need be there. */
export const olderParts = (file: string): readonly string[] =>
  Array.from({length: OLDER}, (_, index) => file.replace(/\.jsonl$/, `.${index + 1}.jsonl`))
