import type {Action, AlreadyThere, Finding, FindingCode, ItemRef, TokenParameters} from '../migration/plan.js'

/** One planned or tried action in plain words, without the user: `set mobile to +1 4255550100`. */
export function describeAction(action: Action): string {
  switch (action.kind) {
    case 'set-phone':
      if (action.change === 'create') return `set ${action.slot} to ${action.number}`
      return action.previous === undefined
        ? `replace ${action.slot} with ${action.number}`
        : `replace ${action.slot} ${action.previous} with ${action.number}`
    case 'create-token':
      return `create token ${action.serialNumber} (${parameters(action)})`
    case 'update-token':
      return `update token ${action.serialNumber} to ${parameters(action)}`
    case 'assign-token':
      return `assign token ${action.serialNumber} to the user`
    case 'activate-token':
      return `activate token ${action.serialNumber} with a code computed from its secret`
    case 'unassign-token':
      return `take token ${action.serialNumber} back from the user`
    case 'remove-phone':
      return `remove ${action.slot} ${action.number}`
    case 'clear-default':
      return `make ${methodName(action.previous)} the default no longer; there was none`
    case 'deactivate-token':
      return `make token ${action.serialNumber} assigned but not activated again`
    case 'delete-token':
      return `delete token ${action.serialNumber} from the inventory`
    case 'disable-sms-sign-in':
      return 'switch SMS sign-in with the mobile number off'
    case 'set-default': {
      const instead = action.previous === undefined ? '' : ` instead of ${methodName(action.previous)}`
      return `make ${methodName(action.method)} the default${instead}`
    }
    default:
      return action satisfies never
  }
}

function parameters({manufacturer, model, timeIntervalInSeconds, hashFunction}: TokenParameters): string {
  const hash = hashFunction === 'hmacsha256' ? 'SHA-256' : 'SHA-1'
  return `${manufacturer} ${model}, ${timeIntervalInSeconds} s, ${hash}`
}

/** What Entra has already: `mobile has this number`, `token 2300481 is active`, `push is the default`. */
export function describeAlreadyThere({item, target}: AlreadyThere): string {
  if (item === 'default') return `${methodName(target)} is the default already`
  return `${target} is in place already`
}

/** A default method as people call it, next to Graph's name where that says less. */
export function methodName(method: string): string {
  switch (method) {
    case 'sms':
      return 'text message'
    case 'oath':
      return 'OATH code'
    case 'voiceMobile':
      return 'phone call (mobile)'
    case 'voiceAlternateMobile':
      return 'phone call (alternate mobile)'
    case 'voiceOffice':
      return 'phone call (office)'
    default:
      return method
  }
}

/** The part of the server user, as people count: devices and tokens from 1. */
export function itemName(item: ItemRef): string {
  const [kind = '', index] = item.split(':')
  const number = Number(index) + 1
  switch (kind) {
    case 'user':
      return 'user'
    case 'phone':
      return 'phone'
    case 'backupPhone':
      return 'backup phone'
    case 'default':
      return 'default method'
    case 'device':
      return `app device ${number}`
    case 'token':
      return `OATH token ${number}`
    default:
      return item
  }
}

/** `number in Entra kept: the record says …` */
export function describeFinding({code, detail}: Finding): string {
  return `${findingTitle(code)}: ${detail}`
}

/** A finding's code in a few words, for counts and headings. */
export function findingTitle(code: FindingCode): string {
  switch (code) {
    case 'no-server-user':
      return 'no server user'
    case 'ambiguous-match':
      return 'several users match'
    case 'sid-mismatch':
      return 'the SIDs differ'
    case 'domain-needed':
      return 'domain of the name unknown'
    case 'disabled':
      return 'disabled'
    case 'guest-no-oath':
      return 'guests get no OATH tokens'
    case 'mode-invalid':
      return 'authentication method not valid'
    case 'row-invalid':
      return 'row not readable'
    case 'field-invalid':
      return 'value not valid'
    case 'mapping-invalid':
      return 'mapping line not valid'
    case 'ad-not-found':
      return 'nobody in Active Directory'
    case 'ad-not-asked':
      return 'nobody in the part of Active Directory that was asked'
    case 'ad-ambiguous':
      return 'several accounts in Active Directory'
    case 'ad-sid-unknown':
      return 'SID of Active Directory not on the server'
    case 'extension-dropped':
      return 'extension dropped'
    case 'backup-skipped':
      return 'backup phone skipped'
    case 'backup-promoted':
      return 'backup phone became mobile'
    case 'phone-invalid':
      return 'phone number not possible'
    case 'country-unknown':
      return 'country code unknown'
    case 'phone-kept':
      return 'number in Entra kept'
    case 'same-number':
      return 'phone and backup phone are the same'
    case 'sms-sign-in-disabled':
      return 'SMS sign-in switched off again'
    case 'slot-taken':
      return 'phone slot taken'
    case 'device-limit':
      return 'more devices than Entra takes'
    case 'duplicate-device-name':
      return 'device of the same name'
    case 'device-order-unknown':
      return 'age of devices unknown'
    case 'push-needs-registration':
      return 'push must be registered again'
    case 'device-matched':
      return 'device matched by name'
    case 'app-codes-skipped':
      return 'app codes not carried'
    case 'token-limit':
      return 'more tokens than Entra takes'
    case 'token-assigned-elsewhere':
      return 'token belongs to somebody else'
    case 'token-shared':
      return 'token of several users'
    case 'token-details-differ':
      return 'token details differ'
    case 'seed-missing':
      return 'token seed missing'
    case 'seed-invalid':
      return 'token seed not valid'
    case 'seed-conflict':
      return 'several seeds for one token'
    case 'time-step-invalid':
      return 'time step not possible'
    case 'activation-refused':
      return 'activation refused'
    case 'duplicate-token':
      return 'token listed twice'
    case 'default-replaced':
      return 'another default method'
    case 'default-none':
      return 'no default method left'
    case 'policy-unknown':
      return 'policy cannot be told'
    case 'policy-disallows':
      return 'method not allowed by policy'
    case 'system-preferred':
      return 'system-preferred authentication is on'
    case 'default-not-used':
      return 'default method not used'
    case 'sms-or-voice-only':
      return 'SMS or voice only'
    case 'nothing-to-carry':
      return 'nothing to carry over'
    case 'in-doubt':
      return 'outcome in doubt'
    case 'cannot-undo':
      return 'cannot be put back'
    case 'changed-since':
      return 'changed since by somebody else'
    case 'unreadable':
      return 'methods not readable'
    default:
      return code satisfies never
  }
}
