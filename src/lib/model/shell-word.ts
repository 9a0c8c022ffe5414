/** A word of a command line that somebody copies: in double quotes where it needs them, for any shell. */
export const shellWord = (text: string): string => (/^[\w./:\\@=+-]+$/.test(text) ? text : `"${text}"`)
