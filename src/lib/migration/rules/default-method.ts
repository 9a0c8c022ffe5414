import type {ActionId} from '../../model/brand.js'
import {DEFAULT_METHODS} from '../../model/entra-user.js'
import type {DefaultMethod} from '../../model/entra-user.js'
import type {AllowedMethods} from '../../model/methods-policy.js'
import type {ServerMode} from '../../model/server-user.js'
import type {RuleId} from '../plan.js'
import {actionId, finding} from './draft.js'
import type {Draft, PlanUserInput} from './draft.js'
import type {OathAfter} from './oath.js'
import type {PhonesAfter} from './phones.js'

/** What the user will have when the plan is carried out. */
export interface After {
  readonly phones: PhonesAfter
  readonly oath: OathAfter
}

/** M1–M5 */
export function planDefault(input: PlanUserInput, after: After, draft: Draft): void {
  const {methods, options, server, allowed} = input
  const had = methods.preferred
  if (options.defaultMethod !== 'always' && had !== undefined) {
    draft.alreadyThere.push({item: 'default', rule: 'M1', target: had}) // M1
    return
  }
  const left = DEFAULT_METHODS.filter((method) => has(method, input, after))
  // M3: what legacy settings may allow is not judged by the policy alone.
  const usable = allowed.uncertain ? left : left.filter((method) => allows(method, input, after))
  const wanted =
    options.defaultMethod === 'most-secure' || server.mode === undefined
      ? undefined
      : wish(server.mode, after.phones)
  const chosen = wanted !== undefined && usable.includes(wanted) ? wanted : usable[0] // M4
  const missing =
    wanted === undefined || left.includes(wanted)
      ? 'the policy does not allow it'
      : 'the user will not have it'
  if (chosen === undefined) {
    const why =
      wanted === undefined
        ? 'The user will have no method that the policy allows'
        : `The default on MFA Server is ${NAME[wanted]}, but ${missing}, and no other method is left`
    draft.findings.push(
      finding(
        'default-none',
        'M3',
        'default',
        `${why}: no default method is set. The user registers one at https://aka.ms/mfasetup.`,
      ),
    )
    return
  }
  if (wanted !== undefined && chosen !== wanted) {
    draft.findings.push(
      finding(
        'default-replaced',
        'M3',
        'default',
        `The default on MFA Server is ${NAME[wanted]}, but ${missing}; the most secure method left is ${NAME[chosen]}.`,
      ),
    )
  }
  if (!allows(chosen, input, after)) {
    draft.findings.push(
      finding(
        'policy-unknown',
        'M3',
        'default',
        `The authentication methods policy does not allow ${NAME[chosen]}, but legacy settings may, since the tenant's policy ` +
          'migration is not complete; try it with one user.',
      ),
    )
  }
  const rule: RuleId = wanted === undefined ? 'M4' : chosen === wanted ? 'M2' : 'M3'
  if (had === chosen) {
    draft.alreadyThere.push({item: 'default', rule, target: chosen})
    return
  }
  const needed = bringer(chosen, input, after)
  draft.actions.push({
    kind: 'set-default',
    id: actionId(input.entra.id, 'set-default', chosen),
    rule,
    item: 'default',
    needs: needed === undefined ? [] : [needed], // M5
    method: chosen,
    ...(had === undefined ? {} : {previous: had}),
  })
  if (methods.systemPreferred) {
    draft.findings.push(
      finding(
        'system-preferred',
        'M5',
        'default',
        `The default ${NAME[chosen]} is set, but sign-ins do not use it: system-preferred authentication is on for the user.`,
      ),
    )
  }
}

const NAME: Readonly<Record<DefaultMethod, string>> = {
  push: 'mobile app notification (push)',
  oath: 'code from a mobile app or OATH token (oath)',
  sms: 'text message (sms)',
  voiceMobile: 'phone call to the mobile number (voiceMobile)',
  voiceAlternateMobile: 'phone call to the alternate mobile number (voiceAlternateMobile)',
  voiceOffice: 'phone call to the office number (voiceOffice)',
}

/** M2 */
function wish(mode: ServerMode, phones: PhonesAfter): DefaultMethod {
  switch (mode) {
    case 'voiceCall':
      return phones.phoneSlot === 'office' ? 'voiceOffice' : 'voiceMobile'
    case 'smsText':
      return 'sms'
    case 'phoneApp':
      return 'push'
    case 'oathToken':
      return 'oath'
  }
  return mode satisfies never
}

/** Whose number a method uses. */
const SLOT = {
  sms: 'mobile',
  voiceMobile: 'mobile',
  voiceAlternateMobile: 'alternateMobile',
  voiceOffice: 'office',
} as const

/** Whether the user will have the method, allowed or not. */
function has(method: DefaultMethod, {methods}: PlanUserInput, {phones, oath}: After): boolean {
  switch (method) {
    case 'push':
      return methods.authenticators.length > 0
    case 'oath':
      return oath.hardware || methods.softwareOath.length > 0
    case 'sms':
    case 'voiceMobile':
    case 'voiceAlternateMobile':
    case 'voiceOffice':
      return phones.slots.has(SLOT[method])
  }
  return method satisfies never
}

/** M3: what the policy says of a method that the user will have. */
function allows(method: DefaultMethod, {methods, allowed}: PlanUserInput, {oath}: After): boolean {
  switch (method) {
    case 'push':
      return allowed.push
    case 'oath':
      return (
        (oath.hardware && allowed.hardwareOath) || (methods.softwareOath.length > 0 && allowed.softwareOath)
      )
    case 'sms':
      return allowed.sms
    case 'voiceMobile':
    case 'voiceAlternateMobile':
      return allowed.voice
    case 'voiceOffice':
      return officeAllowed(allowed)
  }
  return method satisfies never
}

/** M3: `voiceOffice` needs voice and the office switch. */
export function officeAllowed(allowed: AllowedMethods): boolean {
  return allowed.voice && allowed.voiceOffice
}

/** M5: the action that puts the method in place; undefined if it is there. */
function bringer(
  method: DefaultMethod,
  {methods, allowed}: PlanUserInput,
  {phones, oath}: After,
): ActionId | undefined {
  switch (method) {
    case 'push':
      return undefined
    case 'oath':
      return methods.softwareOath.length > 0 && (allowed.softwareOath || allowed.uncertain)
        ? undefined
        : oath.activation
    case 'sms':
    case 'voiceMobile':
    case 'voiceAlternateMobile':
    case 'voiceOffice':
      return phones.slots.get(SLOT[method])
  }
  return method satisfies never
}
