import type {VerifiedItem, VerifiedUser, VerifyReport} from '../migration/verify.js'
import type {Column} from '../ports/output.js'
import type {Bag} from '../ports/scratch.js'
import {itemName} from './describe.js'
import {type Show, TABLE_LIMIT, usersOf, writeCsv} from './show.js'
import {verdictLine} from './verdict.js'
import {shellWord} from '../model/shell-word.js'

interface Row {
  readonly user: VerifiedUser
  readonly item: VerifiedItem
}

const columns: readonly Column<Row>[] = [
  {key: 'mark', title: ' ', value: ({item}) => item.mark, weight: 0},
  {key: 'userPrincipalName', title: 'User', value: ({user}) => user.userPrincipalName},
  {
    key: 'item',
    title: 'Item',
    value: ({item}) => (item.item === 'entra' ? 'only in Entra' : itemName(item.item)),
  },
  {key: 'rule', title: 'Rule', value: ({item}) => item.rule, weight: 0},
  {key: 'what', title: 'What', value: ({item}) => item.what},
]

/** Shows what is not the same on both sides, the counts, and the verdict. The CSV file has everything. */
export async function showVerified(
  report: VerifyReport,
  show: Show,
  {csv, again}: {readonly csv: string | undefined; readonly again: string},
): Promise<void> {
  const {out} = show
  await writeCsv(csv, columns, rows(report.users, false), show)
  await out.table(columns, rows(report.users, true), {limit: TABLE_LIMIT, empty: 'Both sides are the same.'})
  const {marks} = report.summary
  out.prose('= same   + missing in Entra   * different   - only in Entra   ! error, or a person is needed')
  out.line(
    `Users: ${Object.entries(marks)
      .map(([mark, count]) => `${mark} ${count}`)
      .join('   ')}`,
  )
  out.line(`\n${verdict(report)}`)
  const group = report.collected.group.displayName
  if (report.workRemains) out.line(`Next: mfa migrate --group ${shellWord(group)}${again} --dry-run`)
}

export async function verifyJson(
  report: VerifyReport,
  show: Pick<Show, 'files'>,
  folder: string,
): Promise<Readonly<Record<string, unknown>>> {
  const {collected, summary, workRemains} = report
  const file = `${folder}/verify-${process.pid}.jsonl`
  const all = () => values(report.users)
  return {
    tenantId: collected.tenantId,
    group: {id: collected.group.id, displayName: collected.group.displayName},
    workRemains,
    summary,
    verdict: verdict(report),
    ...(await usersOf(all, report.users.size, ({mark}) => mark !== '=', file, show)),
    problems: collected.problems,
  }
}

const verdict = ({summary, collected}: VerifyReport): string =>
  verdictLine({...summary, unchanged: 0}, collected.group.displayName)

function* values(users: Bag<VerifiedUser>): Iterable<VerifiedUser> {
  for (const [, user] of users.entries()) yield user
}

function* rows(users: Bag<VerifiedUser>, notableOnly: boolean): Iterable<Row> {
  for (const user of values(users)) {
    for (const item of user.items) if (!notableOnly || item.mark !== '=') yield {user, item}
  }
}
