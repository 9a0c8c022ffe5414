import type {Campaign} from '../ports/sign-in-help.js'
import {countOf} from '../model/count-of.js'
import {EVERYBODY} from '../model/methods-policy.js'
import type {Column} from '../ports/output.js'
import type {CampaignReport, PlannedCampaign} from '../readiness/campaign.js'
import type {IssuedFact, IssueReport} from '../readiness/issue-passes.js'
import {type Show, TABLE_LIMIT} from './show.js'
import {minute} from './utc.js'

type Json = Readonly<Record<string, unknown>>

/** What is going to be written, before anything is asked. */
export const showPlannedCampaign =
  ({out}: Pick<Show, 'out'>) =>
  ({group, off, before, after, isNew, isUndo}: PlannedCampaign): void => {
    if (!isNew) {
      const state = off ? 'does not name' : 'asks'
      out.line(`The registration campaign ${state} "${group.displayName}": nothing to change`)
      return
    }
    out.line(`now:  ${describe(before)}`)
    out.line(`then: ${describe(after)}${isUndo ? ' (what this tool found)' : ''}`)
  }

function describe({state, snoozeDays, include, exclude}: Campaign): string {
  const left = exclude.length > 0 ? `, not ${exclude.map(({id}) => id).join(', ')}` : ''
  const names = include.map(({id}) => (id === EVERYBODY ? 'everybody' : id)).join(', ')
  return `${WORDS[state]}, for ${names === '' ? 'nobody' : names}${left}, put off for ${countOf(snoozeDays, 'day')} at most`
}

const WORDS: Readonly<Record<Campaign['state'], string>> = {
  default: 'left to Microsoft',
  enabled: 'on',
  disabled: 'off',
  unknownFutureValue: 'in a state that is not known',
}

/** `mfa readiness campaign` */
export function showCampaign(report: CampaignReport, again: string, {out}: Pick<Show, 'out'>): Json {
  const {group, off, before, after, isUndo, dryRun, writes, run, visible} = report
  if (dryRun) out.line('Nothing was written (--dry-run).')
  else if (writes > 0) {
    out.line(`The registration campaign is ${off ? 'off' : 'on'} for "${group.displayName}"`)
    if (!visible) out.prose('The policy does not show it yet.')
    if (!off) out.line(`Back: mfa readiness campaign --group ${group.id} --off${again}`)
  }
  return {
    group: {id: group.id, displayName: group.displayName},
    on: !off,
    before,
    after,
    isUndo,
    dryRun,
    writes,
    run: run ?? null,
    visible,
  }
}

const passColumns: readonly Column<IssuedFact>[] = [
  {key: 'userPrincipalName', title: 'User', value: ({userPrincipalName}) => userPrincipalName, weight: 2},
  {key: 'startsAt', title: 'From (UTC)', value: ({startsAt}) => minute(startsAt), weight: 0, min: 16},
  {key: 'expiresAt', title: 'Until (UTC)', value: ({expiresAt}) => minute(expiresAt), weight: 0, min: 16},
  {
    key: 'isUsableOnce',
    title: 'Once',
    value: ({isUsableOnce}) => (isUsableOnce ? 'yes' : 'no'),
    weight: 0,
  },
]

/** `mfa readiness issue-tap`: everything but the passes. */
export async function showIssued({run, file, issued}: IssueReport, {out}: Pick<Show, 'out'>): Promise<Json> {
  await out.table(passColumns, issued, {limit: TABLE_LIMIT})
  out.line(`${countOf(issued.length, 'pass', 'passes')} sealed in ${file}`)
  out.line(`To read it: age -d -i KEYFILE ${file}`)
  return {run: run ?? null, file, issued}
}
