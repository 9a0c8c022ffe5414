import type {PhoneSlot} from '../model/entra-user.js'
import type {AuditActor} from '../ports/audit-log.js'
import type {Change, DecodedEntry, LoggedMethod} from './decode.js'

/** Method codes of the log. Source: Microsoft's migration guide. */
export const METHOD_NAMES: Readonly<Record<number, string>> = {
  0: 'voice call to the mobile phone',
  2: 'voice call to the office phone',
  3: 'voice call to the alternate mobile phone',
  5: 'SMS',
  6: 'Microsoft Authenticator push',
  7: 'code of a hardware or software OATH token',
}

const SLOT_NAMES: Readonly<Record<PhoneSlot, string>> = {
  mobile: 'mobile phone',
  alternateMobile: 'alternate mobile phone',
  office: 'office phone',
}

/** What happened, a sentence a change. Numbers are masked unless asked for. Not made safe for a terminal: the output does that. */
export function wordsOf(entry: DecodedEntry, showNumbers: boolean): readonly string[] {
  const words = entry.changes.flatMap((change) => changeWords(change, showNumbers))
  if (words.length > 0)
    return entry.result === 'failure' ? [`failed: ${entry.reason ?? ''}`, ...words] : words
  return [entry.reason === undefined ? entry.activity : `${entry.activity}: ${entry.reason}`]
}

function changeWords(change: Change, showNumbers: boolean): readonly string[] {
  switch (change.kind) {
    case 'methods':
      return [methodWords(change.before, change.after)]
    case 'numbers': {
      const shown = (number: string | undefined): string =>
        number === undefined ? 'none' : showNumbers ? number : masked(number)
      const numbers = change.numbers.map(
        ({slot, before, after}) => `${SLOT_NAMES[slot]}: ${shown(before)} → ${shown(after)}`,
      )
      const email = change.email ? ['e-mail address changed'] : []
      return numbers.length + email.length > 0 ? [...numbers, ...email] : ['phone numbers: no change shown']
    }
    case 'devices': {
      const parts = [
        ...change.added.map((name) => `added "${name}"`),
        ...change.removed.map((name) => `removed "${name}"`),
      ]
      return [`devices: ${parts.length > 0 ? parts.join(', ') : `${change.kept} updated`}`]
    }
    case 'per-user-mfa':
      return [`per-user MFA: ${change.before} → ${change.after}`]
    case 'unreadable':
      return [`${change.property} changed (its values cannot be read)`]
    case 'other':
      return [`${change.property} changed`]
    default:
      return change satisfies never
  }
}

/** What came, what went, and another default. */
function methodWords(before: readonly LoggedMethod[], after: readonly LoggedMethod[]): string {
  const names = (these: readonly LoggedMethod[], others: readonly LoggedMethod[]): string =>
    these
      .filter(({code}) => !others.some((other) => other.code === code))
      .map(({code}) => methodName(code))
      .join(', ')
  const [added, removed] = [names(after, before), names(before, after)]
  const [old, now] = [defaultOf(before), defaultOf(after)]
  const parts = [
    ...(added === '' ? [] : [`added ${added}`]),
    ...(removed === '' ? [] : [`removed ${removed}`]),
    ...(old === now ? [] : [`default: ${old} → ${now}`]),
  ]
  return `methods: ${parts.length > 0 ? parts.join('; ') : 'no change shown'}`
}

const methodName = (code: number): string => METHOD_NAMES[code] ?? `method ${code}`

function defaultOf(methods: readonly LoggedMethod[]): string {
  const found = methods.find(({isDefault}) => isDefault)
  return found === undefined ? 'none' : methodName(found.code)
}

/** All digits but the last two, and the country code where a space ends it: `+1 ••••••••10`. */
export function masked(number: string): string {
  const code = /^\+\d{1,4} /.exec(number)?.[0] ?? ''
  const rest = number.slice(code.length)
  const [main = '', ...extension] = rest.split(/(?=x)/i)
  const hidden = main.replaceAll(/\d(?=(?:\D*\d){2})/g, '•')
  return `${code}${hidden}${extension.join('').replaceAll(/\d/g, '•')}`
}

export function actorName({name, id, kind}: AuditActor): string {
  return name ?? id ?? (kind === 'unknown' ? 'unknown' : `a nameless ${kind}`)
}
