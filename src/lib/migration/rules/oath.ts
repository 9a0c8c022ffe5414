import type {ActionId} from '../../model/brand.js'
import type {ItemRef} from '../plan.js'
import {judgeDevices} from './devices.js'
import {finding} from './draft.js'
import type {Draft, PlanUserInput} from './draft.js'
import {hardwareTokensOf} from './token-standing.js'
import {judgeTokens} from './tokens.js'
import type {OathVerdict} from './tokens.js'

/** Entra's limit: authenticator apps, hardware and software OATH together. */
export const DEVICES_MAX = 5

/** Whether code entry will work, and what makes it so. */
export interface OathAfter {
  /** An activated hardware token will be there. */
  readonly hardware: boolean
  /** Absent where one is there already. */
  readonly activation?: ActionId | undefined
}

/** O1–O5 and D1–D7: tokens and app codes, within five devices. */
export function planOath(input: PlanUserInput, draft: Draft): OathAfter {
  const claims = {seen: new Set<string>(), serials: new Set<string>(), secretHashes: new Set<string>()}
  const tokens = judgeTokens(input, claims)
  const devices = judgeDevices(input, claims, draft)
  const there = hardwareTokensOf(input, claims.seen)
  const used = input.methods.authenticators.length + input.methods.softwareOath.length + there.count
  let free = Math.max(0, DEVICES_MAX - used)

  // D1: one slot for a token before the app devices, unless a token of the record has one; other tokens after them.
  const waiting = tokens.filter((verdict) => wantsSlot(verdict))
  const hasToken = tokens.some((verdict) => verdict.kind !== 'refused' && !wantsSlot(verdict))
  const first = hasToken ? 0 : 1
  const queue = [
    ...waiting.slice(0, first),
    ...devices.filter((verdict) => wantsSlot(verdict)),
    ...waiting.slice(first),
  ]
  const seated = new Set<OathVerdict>()
  for (const verdict of queue) {
    if (free === 0) break
    seated.add(verdict)
    free -= 1
  }

  const activations: {readonly item: ItemRef; readonly id: ActionId}[] = []
  for (const verdict of [...tokens, ...devices]) {
    if (verdict.kind === 'write' && wantsSlot(verdict) && !seated.has(verdict)) {
      const matched = verdict.findings.filter((one) => one.code === 'device-matched') // D5 goes on without the codes.
      draft.findings.push(...matched, overLimit(verdict))
      continue
    }
    draft.findings.push(...verdict.findings)
    if (verdict.kind === 'there') draft.alreadyThere.push(verdict.there)
    if (verdict.kind === 'write') {
      draft.actions.push(...verdict.steps.actions)
      activations.push({item: verdict.item, id: verdict.steps.activation})
    }
  }
  if (there.activated) return {hardware: true}
  return {hardware: activations.length > 0, activation: activations[0]?.id}
}

function wantsSlot(verdict: OathVerdict): boolean {
  return verdict.kind === 'write' && verdict.needsSlot
}

/** D7, O3 */
function overLimit({item, name}: Extract<OathVerdict, {kind: 'write'}>) {
  const detail = `${name} is skipped: Entra takes at most ${DEVICES_MAX} devices a user; remove one there and run again.`
  return item.startsWith('device')
    ? finding('device-limit', 'D7', item, detail)
    : finding('token-limit', 'O3', item, detail)
}
