/** An ISO 8601 time to the minute, for people: 2027-01-15 08:00 UTC. */
export const utc = (iso: string): string => `${iso.slice(0, 16).replace('T', ' ')} UTC`
