const NAME = /^mfa-server-\d{8}T\d{6}Z(?:-\d+)?$/

/** `mfa-server-20270115T080000Z`: sorts by time, and every file system takes it. */
export const backupName = (at: Date): string => `mfa-server-${at.toISOString().replaceAll(/[-:]|\.\d+/g, '')}`

export const isBackupName = (name: string): boolean => NAME.test(name)

/** The time in a name, ISO 8601; for a backup whose manifest cannot tell. */
export function timeInName(name: string): string | undefined {
  const [, year, month, day, hour, minute, second] =
    /^mfa-server-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(name) ?? []
  return year === undefined ? undefined : `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`
}

/** The first free name: two backups may begin in one second. */
export function freeName(at: Date, taken: readonly string[]): string {
  const name = backupName(at)
  if (!taken.includes(name)) return name
  let next = 2
  while (taken.includes(`${name}-${next}`)) next += 1
  return `${name}-${next}`
}
