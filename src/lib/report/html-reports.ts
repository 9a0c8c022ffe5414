import type {MigrateReport} from '../migration/migrate.js'
import type {UserResult} from '../migration/result.js'
import type {VerifiedItem, VerifiedUser, VerifyReport} from '../migration/verify.js'
import {findingTitle, itemName} from './describe.js'
import {htmlPage, type Part, section} from './html.js'
import {findingColumns, findingKinds, findingRows, type FindingRow, userColumns} from './plan-rows.js'
import {verdictLine} from './verdict.js'

/** `mfa migrate --report FILE.html` */
export function migrationPage(report: MigrateReport, sourceLabel: string, at: string): Iterable<string> {
  const {collected, results, dryRun, run} = report
  const {summary} = results
  const users = function* (): Iterable<UserResult> {
    for (const [, user] of results.users.entries()) yield user
  }
  const findings = function* (): Iterable<FindingRow> {
    for (const user of users()) yield* findingRows(user)
  }
  return htmlPage({
    title: `${dryRun ? 'Plan for' : 'Migration of'} "${collected.group.displayName}"`,
    facts: [
      ['Tenant', collected.tenantId],
      ['Source', sourceLabel],
      ['Run', run ?? 'dry run: nothing was written'],
      ['Time', at],
    ],
    verdict: verdictLine(summary, collected.group.displayName, {dryRun}),
    bar: {
      title: 'Users',
      parts: [
        {label: dryRun ? 'would be migrated' : 'migrated', count: summary.migrated, tone: 'good'},
        {label: 'unchanged', count: summary.unchanged, tone: 'fine'},
        {label: 'partly', count: summary.partly, tone: 'warning'},
        {label: 'failed', count: summary.failed, tone: 'bad'},
        {label: 'unmatched', count: summary.unmatched, tone: 'warning'},
        {label: 'disabled', count: summary.disabled, tone: 'quiet'},
      ],
    },
    counts: {title: 'Findings by kind (users)', parts: kindParts(findings())},
    sections: [
      section({title: 'Each user', columns: userColumns.filter(({key}) => key !== 'details'), rows: users}),
      section({title: 'Findings', columns: findingColumns, rows: findings}),
    ],
  })
}

const kindParts = (rows: Iterable<FindingRow>): readonly Part[] =>
  findingKinds(rows).map(({code, rule, users}) => ({
    label: `${findingTitle(code)} (${rule})`,
    count: users,
    tone: 'fine',
  }))

/** `mfa verify --report FILE.html` */
export function verifyPage(report: VerifyReport, sourceLabel: string, at: string): Iterable<string> {
  const {collected, summary, users} = report
  const {marks} = summary
  interface Row {
    readonly user: VerifiedUser
    readonly item: VerifiedItem
  }
  const rows = function* (): Iterable<Row> {
    for (const [, user] of users.entries()) for (const item of user.items) yield {user, item}
  }
  const findings = function* (): Iterable<FindingRow> {
    for (const [, user] of users.entries()) yield* findingRows(user)
  }
  return htmlPage({
    title: `Verification of "${collected.group.displayName}"`,
    facts: [
      ['Tenant', collected.tenantId],
      ['Source', sourceLabel],
      ['Time', at],
    ],
    verdict: verdictLine({...summary, unchanged: 0}, collected.group.displayName),
    bar: {
      title: 'Users by mark',
      parts: [
        {label: '= same', count: marks['='], tone: 'good'},
        {label: '+ missing in Entra', count: marks['+'], tone: 'warning'},
        {label: '* different', count: marks['*'], tone: 'warning'},
        {label: '- only in Entra', count: marks['-'], tone: 'quiet'},
        {label: '! error, or a person is needed', count: marks['!'], tone: 'bad'},
      ],
    },
    counts: {title: 'Findings by kind (users)', parts: kindParts(findings())},
    sections: [
      section<Row>({
        title: 'Both sides compared',
        columns: [
          {key: 'mark', title: '', value: ({item}) => item.mark},
          {key: 'user', title: 'User', value: ({user}) => user.userPrincipalName},
          {
            key: 'item',
            title: 'Item',
            value: ({item}) => (item.item === 'entra' ? 'only in Entra' : itemName(item.item)),
          },
          {key: 'rule', title: 'Rule', value: ({item}) => item.rule},
          {key: 'what', title: 'What', value: ({item}) => item.what},
        ],
        rows,
      }),
    ],
  })
}
