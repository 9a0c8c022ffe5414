/**
 * P5: whether two numbers with their calling codes are one. Graph gives numbers back in more than one spelling
 * (`+1 4255550100`, `+1 425-555-0100x22`, `… ext. 22`): digits and extension count.
 */
export function sameNumber(one: string, other: string): boolean {
  return one === other || bare(one) === bare(other)
}

function bare(number: string): string {
  return number
    .toLowerCase()
    .replaceAll(/ext\.?/g, 'x')
    .replaceAll(/[^0-9x]/g, '')
}
