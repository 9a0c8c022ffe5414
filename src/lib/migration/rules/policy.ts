import type {PhoneSlot} from '../../model/entra-user.js'
import type {AllowedMethods} from '../../model/methods-policy.js'
import type {Action} from '../plan.js'
import {officeAllowed} from './default-method.js'
import {finding} from './draft.js'
import type {Draft, PlanUserInput} from './draft.js'

/** M6: every method that is written although the policy does not allow it. Under legacy settings it cannot be told (M3). */
export function judgeWrites({allowed}: PlanUserInput, draft: Draft): void {
  for (const action of draft.actions) {
    const name = forbidden(action, allowed)
    if (name === undefined) continue
    draft.findings.push(
      allowed.uncertain
        ? finding(
            'policy-unknown',
            'M3',
            action.item,
            `The authentication methods policy does not allow the ${name}, but legacy settings may, since the tenant's policy ` +
              'migration is not complete; try it with one user.',
          )
        : finding(
            'policy-disallows',
            'M6',
            action.item,
            `The ${name} is written, but the authentication methods policy does not allow it: the user cannot try it until it is enabled.`,
          ),
    )
  }
}

/** What the policy keeps from working once the action is done; undefined if nothing. */
function forbidden(action: Action, allowed: AllowedMethods): string | undefined {
  switch (action.kind) {
    case 'set-phone':
      return phoneAllowed(action.slot, allowed) ? undefined : `${SLOT_NAME[action.slot]} number`
    case 'activate-token':
      return allowed.hardwareOath ? undefined : `OATH token ${action.serialNumber}`
    case 'create-token':
    case 'update-token':
    case 'assign-token':
    case 'set-default': // M3 has judged it.
    case 'disable-sms-sign-in':
    case 'unassign-token':
    case 'remove-phone':
    case 'clear-default':
    case 'deactivate-token':
    case 'delete-token':
      return undefined
  }
  return action satisfies never
}

/** Text messages go to the mobile number only. */
function phoneAllowed(slot: PhoneSlot, allowed: AllowedMethods): boolean {
  if (slot === 'office') return officeAllowed(allowed)
  return allowed.voice || (slot === 'mobile' && allowed.sms)
}

const SLOT_NAME: Readonly<Record<PhoneSlot, string>> = {
  mobile: 'mobile',
  alternateMobile: 'alternate mobile',
  office: 'office',
}
