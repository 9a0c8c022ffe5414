import {MfaError} from '../errors/mfa-error.js'
import type {Column} from '../ports/output.js'
import type {Blocker} from '../rollout/blockers.js'
import type {Objections} from '../rollout/change-rollout.js'
import {JSON_LIMIT, TABLE_LIMIT, type Show, writeCsv} from './show.js'

type Json = Readonly<Record<string, unknown>>

/** What each code means to whoever accepts it; handed in, since reports know types of the domain only. */
export type CodeMeanings = Readonly<Record<string, string>>

/** Where a refusal's whole list goes, if it is long. */
export interface Telling {
  readonly csv: string | undefined
  readonly folder: string
  readonly again: string
  readonly codes: CodeMeanings
}

const blockerColumns: readonly Column<Blocker>[] = [
  {key: 'code', title: 'Code', value: ({code}) => code, weight: 0},
  {key: 'user', title: 'User', value: ({user}) => user ?? undefined},
  {key: 'group', title: 'Group', value: ({group}) => group},
  {key: 'detail', title: 'Why', value: ({detail}) => detail, weight: 2},
]

const blockerTableColumns: readonly Column<Blocker>[] = [
  {
    key: 'who',
    title: 'Who',
    value: ({user, group}) => user ?? (group === undefined ? 'everybody' : `group "${group}"`),
    min: 20,
  },
  {key: 'detail', title: 'Why', value: ({code, detail}) => [code, detail], weight: 2},
]

/** What speaks against a change, and what of it was accepted. */
export async function showBlockers(objections: Objections, out: Show['out']): Promise<void> {
  if (objections.total > 0) await out.table(blockerTableColumns, objections.blockers(), {limit: TABLE_LIMIT})
  showAccepted(objections, out)
}

export function showAccepted({accepted}: Objections, out: Pick<Show['out'], 'line'>): void {
  if (accepted.length > 0) out.line(`Accepted: ${accepted.join(', ')}`)
}

/** Throws MfaError `refused` with every objection, where one was not accepted. */
export async function refuseUnaccepted(
  objections: Objections,
  {csv, folder, codes}: Telling,
  show: Show,
  also: Json = {},
): Promise<void> {
  await writeCsv(csv, blockerColumns, objections.blockers(), show)
  if (objections.refused.length === 0) return
  const kinds = objections.refused.map((code) => `${objections.counts[code] ?? 0} ${code}`).join(', ')
  const onPrem = objections.refused.length === 1 && objections.refused[0] === 'onprem-mfa'
  const [only] = onPrem ? [...objections.blockers()] : []
  throw new MfaError(
    onPrem ? 'ONPREM_MFA' : 'LOCK_OUT',
    only === undefined
      ? `the lock-out check refuses (${kinds}); nothing was changed`
      : `${only.detail} Nothing was changed.`,
    {
      exit: 'refused',
      fix: [
        onPrem ? 'To go on all the same:' : 'Mend it, or take it upon you, kind by kind:',
        ...objections.refused.map((code) => `--accept ${code}: ${codes[code] ?? ''}`),
      ].join('\n'),
      details: {...also, ...(await blockersJson(objections, folder, show))},
    },
  )
}

/** `blockers[]`, and a file with all of them where there are too many. */
export async function blockersJson(
  objections: Objections,
  folder: string,
  {files}: Pick<Show, 'files'>,
): Promise<Json> {
  const {counts, accepted, refused} = objections
  const blockers: Json[] = []
  for (const {code, user, group, detail} of objections.blockers()) {
    blockers.push({code, user, ...(group === undefined ? {} : {group}), detail})
    if (blockers.length >= JSON_LIMIT) break
  }
  const kinds = {blockerCounts: counts, accepted, refused}
  if (objections.total <= JSON_LIMIT) return {blockers, ...kinds}
  const blockersFile = `${folder}/rollout-blockers.jsonl`
  await files.write(blockersFile, jsonLines(objections.blockers()))
  return {blockers, blockersFile, ...kinds}
}

function* jsonLines(values: Iterable<unknown>): Iterable<string> {
  for (const value of values) yield `${JSON.stringify(value)}\n`
}
