const DATE = /^(\d{4})(?:-(\d\d)-(\d\d)|(\d\d)(\d\d))$/
const TIME = /^(\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d+))?)?|(\d\d)(?:(\d\d)(?:[.,](\d+))?)?)?$/
const ZONE = /(Z|[+-]\d\d(?::?\d\d)?)$/
/** Most dates; `Date.parse` reads these as it should (it takes a 30th of February for the 1st of March). */
const PLAIN =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,3})?Z$/

/**
 * Milliseconds since 1970 of an ISO 8601 calendar date, with or without time and zone; no zone means UTC.
 * Undefined if the text is no such date. Compare dates of a source with this: `Date.parse` takes a time without a zone as local.
 */
export function isoInstant(text: string): number | undefined {
  if (PLAIN.test(text)) return Date.parse(text)
  const [datePart = '', timePart, ...rest] = text.split('T')
  if (rest.length > 0) return undefined
  const date = DATE.exec(datePart)
  if (!date) return undefined
  const [year, month, day] = [Number(date[1]), Number(date[2] ?? date[4]), Number(date[3] ?? date[5])]
  const midnight = new Date(0)
  midnight.setUTCFullYear(year, month - 1, day)
  if (midnight.getUTCMonth() !== month - 1 || midnight.getUTCDate() !== day) return undefined
  if (timePart === undefined) return midnight.getTime()
  const zone = ZONE.exec(timePart)?.[1] ?? ''
  const time = timeOfDay(timePart.slice(0, timePart.length - zone.length))
  const shift = offset(zone)
  return time === undefined || shift === undefined ? undefined : midnight.getTime() + time - shift
}

function timeOfDay(text: string): number | undefined {
  const time = TIME.exec(text)
  if (!time) return undefined
  const [hour, minute, second] = [
    Number(time[1]),
    Number(time[2] ?? time[5] ?? 0),
    Number(time[3] ?? time[6] ?? 0),
  ]
  const fraction = Number(`0.${time[4] ?? time[7] ?? '0'}`)
  if (minute > 59 || second > 59 || hour > 24) return undefined
  if (hour === 24 && minute + second + fraction > 0) return undefined
  return ((hour * 60 + minute) * 60 + second) * 1000 + Math.floor(fraction * 1000)
}

function offset(zone: string): number | undefined {
  if (zone === '' || zone === 'Z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = zone.length > 3 ? Number(zone.slice(-2)) : 0
  if (hours > 23 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000
}
