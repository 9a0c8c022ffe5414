/**
 * An address as it may stand in a log: what somebody is called is left out of filters and paths. Object ids and names of groups
 * stay, since nothing could be followed without them.
 */
export function withoutNames(url: string): string {
  const path = url.replaceAll(/\/users\/[^/?]*(?:@|%40)[^/?]*/gi, '/users/…')
  return /\/groups\?/.test(path) ? path : path.replaceAll(/'(?:[^']|'')*'/g, "'…'")
}
