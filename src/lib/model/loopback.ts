/**
 * Is this host name (as `URL.hostname` gives it) the machine itself: 127.0.0.0/8, `::1` or `localhost`?
 * Plain http is allowed to such addresses only.
 */
export function isLoopback(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name)
}
