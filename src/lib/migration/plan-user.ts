import type {UserMemory} from '../ports/journal.js'
import type {ServerUser} from '../model/server-user.js'
import {entraFingerprint, serverFingerprint} from './fingerprint.js'
import type {FindingCode, MigrationOptions, UserPlan} from './plan.js'
import {unaccounted} from './rules/accounting.js'
import {planDefault} from './rules/default-method.js'
import {byText, emptyDraft, finding} from './rules/draft.js'
import type {Draft, PlanUserInput} from './rules/draft.js'
import {planOath} from './rules/oath.js'
import {planPhones} from './rules/phones.js'
import {judgeWrites} from './rules/policy.js'
import {fieldFindings, preflight} from './rules/preflight.js'
import {judgeSmsOrVoiceOnly} from './rules/sms-voice.js'
import {rememberedSerials} from './rules/tokens.js'

export {actionId} from './rules/draft.js'
export type {PlanUserInput} from './rules/draft.js'
export {preflight} from './rules/preflight.js'

/**
 * What is to become of one matched user: SYNC-RULES as a pure function, same input, same bytes out.
 *
 * Actions stand in the order in which they can be carried out; what one needs stands before it. `migrate` if there is
 * something to write, `unchanged` if not, `disabled` or `failed` as `preflight` says.
 * Throws a plain Error, which is a bug, if an item of the record would disappear silently.
 */
export function planUser(input: PlanUserInput): UserPlan {
  const {server, entra, methods, options, hashKey} = input
  const fingerprints = {
    serverFingerprint: serverFingerprint(server, hashKey),
    entraFingerprint: entraFingerprint(methods, entra),
  }
  const stopped = preflight(server, entra, options)
  if (stopped !== undefined) return {...stopped, ...fingerprints}

  const draft = emptyDraft()
  draft.findings.push(...fieldFindings(server))
  const phones = planPhones(input, draft)
  const oath = planOath(input, draft)
  judgeNothing(input, draft)
  planDefault(input, {phones, oath}, draft)
  judgeWrites(input, draft)
  const smsOrVoiceOnly = judgeSmsOrVoiceOnly(input, {phones, oath}, draft)

  const lost = unaccounted(server, draft)
  if (lost.length > 0) throw new Error(`The plan of ${entra.id} does not account for ${lost.join(', ')}.`)
  return {
    id: entra.id,
    userPrincipalName: entra.userPrincipalName,
    source: server.key,
    outcome: draft.actions.length > 0 ? 'migrate' : 'unchanged',
    actions: draft.actions,
    alreadyThere: draft.alreadyThere,
    findings: draft.findings,
    ...fingerprints,
    smsOrVoiceOnly,
  }
}

/** Serial numbers that `planUser` will look for in the inventory: ascending, each once. */
export function serialsOf(
  server: ServerUser,
  memory: Pick<UserMemory, 'tokens'>,
  options: MigrationOptions,
  hashKey: Uint8Array,
): readonly string[] {
  const serials = new Set<string>()
  for (const {serialNumber, secret} of server.oathTokens) {
    if (serialNumber.trim() !== '') serials.add(serialNumber)
    if (secret === undefined || secret.isEmpty || memory.tokens.length === 0) continue
    for (const serial of rememberedSerials(secret.keyedHash(hashKey), memory)) serials.add(serial)
  }
  for (const {oathSecret} of server.devices) {
    if (oathSecret === undefined || oathSecret.fault() !== undefined) continue
    if (options.appCodes === 'carry') serials.add(oathSecret.carriedSerial())
    if (memory.tokens.length === 0) continue
    for (const serial of rememberedSerials(oathSecret.keyedHash(hashKey), memory)) serials.add(serial)
  }
  return [...serials].sort(byText)
}

/** Findings that say that Entra has something in the place of the item. */
const CARRIED: ReadonlySet<FindingCode> = new Set(['phone-kept', 'device-matched'])

/** The record and Entra belong together, but nothing of the one is in the other or comes there. */
function judgeNothing({matchRule}: PlanUserInput, draft: Draft): void {
  if (draft.actions.length > 0 || draft.alreadyThere.length > 0) return
  if (draft.findings.some(({code}) => CARRIED.has(code))) return
  draft.findings.push(
    finding(
      'nothing-to-carry',
      matchRule,
      'user',
      'No method of the record on MFA Server can be carried over; a user who has none in Entra registers one at https://aka.ms/mfasetup.',
    ),
  )
}
