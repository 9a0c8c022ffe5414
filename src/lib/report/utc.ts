/** An ISO 8601 time to the minute, where a title says that it is UTC: 2027-01-15 08:00. */
export const minute = (iso: string): string => iso.slice(0, 16).replace('T', ' ')

/** The same, for people who are told nothing else: 2027-01-15 08:00 UTC. */
export const utc = (iso: string): string => `${minute(iso)} UTC`
