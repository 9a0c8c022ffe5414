export function terminalSvg(
  text: string,
  words: {readonly title: string; readonly description: string},
): string
