/** When something happens, in ms; goes on also where the service's clock is set back, or later reads would miss it. */
export function createMoments(): (at: Date) => number {
  let last = 0
  let ahead = 0
  return (at) => {
    if (at.getTime() + ahead < last) ahead = last - at.getTime()
    last = at.getTime() + ahead
    return last
  }
}
