import type {Blocker} from '../federation/blockers.js'
import type {SetPlanned, SetReport} from '../federation/set-federation.js'
import type {DomainStanding} from '../federation/standing.js'
import {MfaError} from '../errors/mfa-error.js'
import {countOf} from '../model/count-of.js'
import {equivalentOfNull, meaningOf, type ShownBehavior, wordOf} from '../model/mfa-behavior.js'
import type {Column} from '../ports/output.js'
import type {Ui} from '../ports/ui.js'
import {utc} from './utc.js'
import {type Show, TABLE_LIMIT, writeCsv} from './show.js'

const shownValue = (behavior: ShownBehavior): string => behavior ?? 'never set'

const domainColumns: readonly Column<DomainStanding>[] = [
  {key: 'domain', title: 'Domain', value: ({domain}) => domain, weight: 0},
  {
    key: 'authenticationType',
    title: 'Type',
    value: ({authenticationType}) => authenticationType,
    weight: 0,
  },
  {
    key: 'federatedIdpMfaBehavior',
    title: 'federatedIdpMfaBehavior',
    value: ({federationId, federatedIdpMfaBehavior}) =>
      federationId === null ? undefined : shownValue(federatedIdpMfaBehavior),
  },
  {key: 'fallsBackTo', title: 'Falls back to', value: ({fallsBackTo}) => fallsBackTo ?? undefined},
  {
    key: 'effectiveBy',
    title: 'In effect by',
    value: ({effectiveBy, inEffect}) => (inEffect === undefined ? undefined : effectiveBy),
    weight: 0,
  },
]

const domainTableColumns: readonly Column<DomainStanding>[] = [
  {key: 'domain', title: 'Domain', value: ({domain}) => domain},
  {
    key: 'federatedIdpMfaBehavior',
    title: 'Who does MFA',
    value: ({federationId, federatedIdpMfaBehavior: behavior, fallsBackTo, effectiveBy, inEffect}) => {
      if (federationId === null) return 'Entra (not federated)'
      const lines = [shownValue(behavior)]
      if (fallsBackTo !== null) lines.push(`as ${fallsBackTo}`)
      if (inEffect === false) lines.push(`in effect by ${utc(effectiveBy ?? '')}`)
      return lines
    },
    weight: 2,
    min: 32,
  },
]

/** `mfa federation list` */
export async function showDomains(
  domains: readonly DomainStanding[],
  {csv, again}: {readonly csv: string | undefined; readonly again: string},
  show: Show,
): Promise<Readonly<Record<string, unknown>>> {
  await show.out.table(domainTableColumns, domains, {limit: TABLE_LIMIT, empty: 'No domains.'})
  await writeCsv(csv, domainColumns, domains, show)
  const federated = domains.find(({federationId}) => federationId !== null)
  if (federated !== undefined) show.out.line(`Next: mfa federation show --domain ${federated.domain}${again}`)
  return {domains}
}

/** `mfa federation show`: the federated domains, each with what its value means. */
export function showFederation(
  standings: readonly DomainStanding[],
  {out}: Pick<Show, 'out'>,
): Readonly<Record<string, unknown>> {
  for (const standing of standings) for (const line of describeDomain(standing)) out.prose(line)
  if (standings.length === 0)
    out.line('No domain of this tenant is federated: Entra does MFA itself everywhere.')
  return {domains: standings}
}

export function describeDomain(standing: DomainStanding): readonly string[] {
  const {domain, federationId, federatedIdpMfaBehavior: behavior} = standing
  if (federationId === null) return [`${domain}: not federated; Entra does MFA there itself.`]
  const lines = [
    `${domain}: ${behavior === null ? meaningOf(behavior) : `${behavior}: ${meaningOf(behavior)}`}.`,
  ]
  if (behavior === null)
    lines.push('Setting it is a one-way door: a value that was never set cannot be brought back.')
  const {original, lastSetTo, setAt, effectiveBy, inEffect} = standing
  if (lastSetTo === undefined) return lines
  lines.push(
    `This tool set it to ${lastSetTo} at ${utc(setAt ?? '')}; before that it was ${shownValue(original ?? null)}.`,
  )
  if (lastSetTo !== behavior) lines.push('Somebody else has changed it since.')
  else if (inEffect === true) lines.push(`It should be in effect since ${utc(effectiveBy ?? '')}.`)
  else if (effectiveBy !== undefined)
    lines.push(`Entra may take up to 24 hours: it should be in effect by ${utc(effectiveBy)}.`)
  return lines
}

/** One line a look of `--watch`. */
export const watchLines = (standings: readonly DomainStanding[], at: Date): readonly string[] =>
  standings
    .filter(({federationId}) => federationId !== null)
    .map(({domain, federatedIdpMfaBehavior, effectiveBy, inEffect}) => {
      const effect =
        inEffect === undefined
          ? ''
          : inEffect
            ? '; should be in effect'
            : `; in effect by ${effectiveBy ?? ''}`
      return `${at.toISOString()} ${domain}: ${shownValue(federatedIdpMfaBehavior)}${effect}`
    })

const blockerColumns: readonly Column<Blocker>[] = [
  {key: 'code', title: 'Code', value: ({code}) => code, weight: 0},
  {key: 'item', title: 'Who or what', value: ({item}) => item},
  {key: 'detail', title: 'Why', value: ({detail}) => detail, weight: 2},
  {
    key: 'accept',
    title: 'Accept with',
    value: ({acceptable, code}) => (acceptable ? `--accept ${code}` : 'cannot be accepted'),
  },
]

const blockerTableColumns: readonly Column<Blocker>[] = [
  {
    key: 'item',
    title: 'Who or what',
    value: ({item, code, acceptable}) => `${item ?? code}${acceptable ? '' : ' (cannot be accepted)'}`,
    min: 22,
  },
  {
    key: 'detail',
    title: 'Why',
    value: ({item, code, detail}) => (item === undefined ? detail : [code, detail]),
    weight: 2,
  },
]

/** What is going to be written, before anything is asked. */
export const showPlanned =
  ({out}: Pick<Show, 'out'>, ui: Pick<Ui, 'emit'>) =>
  ({domain, to, guarded, record, supportsMfa}: SetPlanned): void => {
    const now = shownValue(domain.behavior)
    out.line(
      domain.behavior === to
        ? `${domain.domain}: ${now} already`
        : `${domain.domain}: ${now} → ${to} (${meaningOf(to)})`,
    )
    if (guarded === undefined) return
    if (domain.behavior === null) ui.emit({type: 'warning', text: oneWayDoor(domain.domain, supportsMfa)})
    else if (record !== undefined)
      out.line(`Before this tool's first change it was ${shownValue(record.original)}.`)
    if (guarded.checked > 0) out.line(`${countOf(guarded.checked, 'user')} checked`)
    for (const [code, count] of countedCodes(listOf(guarded.accepted)))
      out.line(`accepted: ${code} (${count})`)
  }

function oneWayDoor(domain: string, supportsMfa: boolean | undefined): string {
  const flag =
    supportsMfa === undefined
      ? 'the old flag SupportsMfa is not known (--supports-mfa yes|no says what it was), so coming back'
      : `the old flag SupportsMfa was ${supportsMfa ? 'true' : 'false'}, so coming back`
  return (
    `federatedIdpMfaBehavior of ${domain} was never set. Once it is, it cannot be made so again, and Entra ignores SupportsMfa for ever. ` +
    `The original goes on record; ${flag} (mfa rollback) will mean ${equivalentOfNull(supportsMfa)}.`
  )
}

const listOf = (bag: {entries(): Iterable<readonly [string, Blocker]>}): readonly Blocker[] =>
  Array.from(bag.entries(), ([, blocker]) => blocker)

function countedCodes(blockers: readonly Blocker[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const {code} of blockers) counts.set(code, (counts.get(code) ?? 0) + 1)
  return counts
}

/** The end of `mfa federation set`; throws the refusal with its list where something stands in the way. */
export async function showSet(
  report: SetReport,
  {csv, again}: {readonly csv: string | undefined; readonly again: string},
  show: Show,
): Promise<Readonly<Record<string, unknown>>> {
  const {guarded, domain, to} = report
  const blockers = guarded === undefined ? [] : listOf(guarded.blockers)
  await writeCsv(csv, blockerColumns, blockers, show)
  if (report.refused) {
    await show.out.table(blockerTableColumns, blockers, {limit: TABLE_LIMIT})
    throw refusal(report, blockers)
  }
  const {out} = show
  const name = domain.domain
  if (report.dryRun) out.line('Nothing was written (--dry-run).')
  else if (report.writes === 0) {
    if (report.effectiveBy !== undefined)
      out.prose(`Entra may take up to 24 hours after a change: in effect by ${utc(report.effectiveBy)}.`)
    out.line(`\n${name} is set to ${to} already; nothing was written`)
  } else {
    out.line(`\n${name} is set to ${to}`)
    if (report.effectiveBy !== undefined)
      out.prose(`Entra may take up to 24 hours: it should be in effect by ${utc(report.effectiveBy)}.`)
    if (!report.visible) out.prose('The domain does not show it yet.')
    out.line(`Next: mfa federation show --domain ${name} --watch${again}`)
  }
  return setJson(report)
}

function setJson(report: SetReport): Readonly<Record<string, unknown>> {
  const {domain, to, record, dryRun, writes, run, effectiveBy, visible, guarded} = report
  return {
    domain: domain.domain,
    before: domain.behavior,
    after: to,
    original: record === undefined ? domain.behavior : record.original,
    dryRun,
    writes,
    run: run ?? null,
    effectiveBy: effectiveBy ?? null,
    visible,
    checked: guarded?.checked ?? 0,
    accepted: guarded === undefined ? {} : Object.fromEntries(countedCodes(listOf(guarded.accepted))),
    blockers: [],
  }
}

function refusal(report: SetReport, blockers: readonly Blocker[]): MfaError {
  const {domain, to} = report
  const counts = [...countedCodes(blockers)]
  const codes = [...new Set(blockers.filter(({acceptable}) => acceptable).map(({code}) => code))]
  const fix = [
    ...(codes.length > 0
      ? [`What you know to be harmless: ${codes.map((code) => `--accept ${code}`).join(' ')}`]
      : []),
    ...(blockers.some(({acceptable}) => !acceptable) ? ['Some of it cannot be accepted: see the list.'] : []),
  ].join('\n')
  return new MfaError(
    'FEDERATION_REFUSED',
    `${domain.domain} is not set to ${wordOf(to)}: ${counts.map(([code, count]) => `${code} (${count})`).join(', ')}`,
    {exit: 'refused', fix, details: {...setJson(report), blockers}},
  )
}
