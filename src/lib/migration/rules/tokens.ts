import type {ServerOathToken} from '../../model/server-user.js'
import type {UserMemory} from '../../ports/journal.js'
import type {AlreadyThere, Finding, FindingCode, ItemRef, RuleId} from '../plan.js'
import {byText, finding} from './draft.js'
import type {PlanUserInput} from './draft.js'
import {bring, differences, standingOf} from './token-standing.js'
import type {Standing, WantedToken} from './token-standing.js'

/** What is to become of one token or app code, before the slots are counted (D1). */
export type OathVerdict =
  | {readonly kind: 'there'; readonly there: AlreadyThere; readonly findings: readonly Finding[]}
  | {readonly kind: 'refused'; readonly findings: readonly Finding[]}
  | {
      readonly kind: 'write'
      readonly item: ItemRef
      /** Not among the user's methods yet: one more of the five. */
      readonly needsSlot: boolean
      readonly steps: ReturnType<typeof bring>
      readonly findings: readonly Finding[]
      /** How the item is called in a finding. */
      readonly name: string
    }

interface Candidate {
  readonly index: number
  readonly token: ServerOathToken
  readonly hash: string | undefined
  readonly serial: string
  readonly standing: Standing
}

/** Serial numbers and secrets (keyed hashes) that an item of the record stands for already: no second one may. */
export interface Claims {
  /** Serial numbers that were looked for, claimed or not. */
  readonly seen: Set<string>
  readonly serials: Set<string>
  readonly secretHashes: Set<string>
}

/** O1, O2, O4, O5, U7, with what is claimed added to `claims`. The record's order means nothing: tokens that are there come first, then by serial number. */
export function judgeTokens(input: PlanUserInput, claims: Claims): readonly OathVerdict[] {
  const candidates = input.server.oathTokens.map((token, index) => candidate(token, index, input))
  const contradicted = contradictions(candidates)
  const sorted = candidates.toSorted(
    (a, b) =>
      rank(a) - rank(b) || byText(a.serial, b.serial) || byText(details(a), details(b)) || a.index - b.index,
  )
  const {serials, secretHashes} = claims
  return sorted.map((one): OathVerdict => {
    const item: ItemRef = `token:${one.index}`
    claims.seen.add(one.serial)
    const {serialNumber} = one.token
    if (serials.has(one.serial) || (one.hash !== undefined && secretHashes.has(one.hash))) {
      return refuse(
        'duplicate-token',
        'O1',
        item,
        `Token ${serialNumber} is in the record more than once, by serial number or by secret; it is written once.`,
      )
    }
    const verdict = judge(one, item, contradicted.has(serialNumber), input)
    if (verdict.kind !== 'refused') {
      serials.add(one.serial)
      if (one.hash !== undefined) secretHashes.add(one.hash)
    }
    return verdict
  })
}

/** Nothing is written for the item; one finding says why. */
export function refuse(
  code: FindingCode,
  rule: RuleId,
  item: ItemRef,
  detail: string,
  serialNumber?: string,
): OathVerdict {
  return {kind: 'refused', findings: [finding(code, rule, item, detail, serialNumber)]}
}

/** O1: a token that several records of the run have is written for none of them; undefined if this is no such token. */
export function refuseShared(
  serial: string,
  rule: RuleId,
  item: ItemRef,
  what: string,
  {shared}: PlanUserInput,
): OathVerdict | undefined {
  const names = shared?.get(serial)
  if (names === undefined) return undefined
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : ''
  const detail =
    `${what} would be given to ${names.length} users of this run: ${names.slice(0, NAMED).join(', ')}${more}. A token has one ` +
    'holder, so nothing is written. Take it out of the other records, or migrate its holder alone first (--user).'
  return refuse('token-shared', rule, item, detail, serial)
}

/** How many users a finding names. */
const NAMED = 5

/** O1: serial numbers that earlier runs gave to this secret. */
export function rememberedSerials(
  hash: string | undefined,
  memory: Pick<UserMemory, 'tokens'>,
): readonly string[] {
  if (hash === undefined) return []
  return memory.tokens
    .filter((token) => token.secretHash === hash)
    .map((token) => token.serialNumber)
    .sort(byText)
}

function candidate(token: ServerOathToken, index: number, input: PlanUserInput): Candidate {
  const hash =
    token.secret === undefined || token.secret.isEmpty ? undefined : token.secret.keyedHash(input.hashKey)
  const own = standingOf(token.serialNumber, input)
  // O1: by serial number, else by remembered secret.
  if (own.at === 'nowhere') {
    for (const serial of rememberedSerials(hash, input.memory)) {
      const standing = standingOf(serial, input)
      if (standing.at === 'user' || standing.at === 'inventory') return {index, token, hash, serial, standing}
    }
  }
  return {index, token, hash, serial: token.serialNumber, standing: own}
}

function judge(one: Candidate, item: ItemRef, contradicted: boolean, input: PlanUserInput): OathVerdict {
  const {token, standing, serial, hash} = one
  if (input.entra.isGuest) {
    return refuse(
      'guest-no-oath',
      'U7',
      item,
      `Token ${token.serialNumber}: Entra gives no OATH tokens to guests.`,
    )
  }
  if (token.serialNumber.trim() === '') {
    return refuse(
      'seed-invalid',
      'O5',
      item,
      'A token without a serial number cannot be migrated; correct the record.',
    )
  }
  const wanted: WantedToken = {
    item,
    serialNumber: serial,
    manufacturer: blankless(token.manufacturer),
    model: blankless(token.model),
    timeIntervalInSeconds:
      token.timeInterval === 30 || token.timeInterval === 60 ? token.timeInterval : undefined,
    hashFunction: token.hashFunction,
  }
  if (standing.at === 'user' && standing.activated) {
    return {kind: 'there', there: {item, rule: 'O1', target: serial}, findings: differ(wanted, standing)}
  }
  if (standing.at === 'elsewhere') {
    return refuse(
      'token-assigned-elsewhere',
      'O1',
      item,
      `Token ${serial} is assigned to somebody else in Entra; nothing is written. Unassign it there first if it is this user's.`,
      serial,
    )
  }
  if (token.seedConflict !== undefined || contradicted) {
    return refuse(
      'seed-conflict',
      'O4',
      item,
      `Token ${serial} has several different secrets in the seed files or the record; keep the right one and run again.`,
      serial,
    )
  }
  if (token.secret === undefined || hash === undefined) {
    return refuse(
      'seed-missing',
      'O4',
      item,
      `The secret of token ${serial} is not on the server; give the vendor's seed file with --seed-file.`,
      serial,
    )
  }
  const fault = token.secret.fault()
  if (fault !== undefined) {
    return refuse(
      'seed-invalid',
      'O5',
      item,
      `The secret of token ${serial} is ${FAULT[fault]}; correct the seed file or the record.`,
      serial,
    )
  }
  const step =
    token.timeInterval ?? (standing.at === 'nowhere' ? undefined : standing.device?.timeIntervalInSeconds)
  if (step !== undefined && step !== 30 && step !== 60) {
    return refuse(
      'time-step-invalid',
      'O5',
      item,
      `Token ${serial} has a time step of ${step} s; Entra takes 30 or 60.`,
      serial,
    )
  }
  const shared =
    standing.at === 'user' ? undefined : refuseShared(serial, 'O1', item, `Token ${serial}`, input)
  if (shared !== undefined) return shared
  return {
    kind: 'write',
    item,
    needsSlot: standing.at !== 'user',
    steps: bring(wanted, standing, input.entra.id, {found: 'O1', made: 'O2'}),
    findings: differ(wanted, standing),
    name: `Token ${serial}`,
  }
}

/** O1: what can no longer be brought up to date, since Graph updates only unassigned tokens. */
function differ(wanted: WantedToken, standing: Standing): readonly Finding[] {
  if (standing.at !== 'user' || standing.device === undefined) return []
  const names = differences(wanted, standing.device)
  if (names.length === 0) return []
  const detail =
    `Token ${wanted.serialNumber} is this user's, but its ${names.join(', ')} in Entra ${names.length > 1 ? 'are' : 'is'} not as in the record; ` +
    'Graph changes only unassigned tokens, so unassign it first if the record is right.'
  return [finding('token-details-differ', 'O1', wanted.item, detail, wanted.serialNumber)]
}

/** O5, in words. */
export const FAULT = {
  'not-base32': 'not Base32 (A–Z, 2–7, no spaces or padding)',
  'too-long': 'longer than 128 characters',
} as const

/** Serial numbers for which the record itself has different secrets. */
function contradictions(candidates: readonly Candidate[]): ReadonlySet<string> {
  const first = new Map<string, string>()
  const found = new Set<string>()
  for (const {token, hash} of candidates) {
    if (hash === undefined) continue
    const known = first.get(token.serialNumber)
    if (known === undefined) first.set(token.serialNumber, hash)
    else if (known !== hash) found.add(token.serialNumber)
  }
  return found
}

const RANK: Readonly<Record<Standing['at'], number>> = {user: 0, inventory: 2, nowhere: 3, elsewhere: 4}

/** What is there first; of two rows for one token, the one with a secret. */
function rank({standing, hash}: Candidate): number {
  const place = standing.at === 'user' && !standing.activated ? 1 : RANK[standing.at]
  return place * 2 + (hash === undefined ? 1 : 0)
}

function details({token, hash}: Candidate): string {
  return JSON.stringify([
    token.serialNumber,
    hash,
    token.timeInterval,
    token.manufacturer,
    token.model,
    token.hashFunction,
    token.seedConflict,
  ])
}

function blankless(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text
}
