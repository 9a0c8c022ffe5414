import END from '../data/sms-voice-end.json' with {type: 'json'}
import type {EntraMethods} from '../../model/entra-user.js'
import type {MigrationOptions} from '../plan.js'
import type {After} from './default-method.js'
import {finding} from './draft.js'
import type {Draft, PlanUserInput} from './draft.js'

/** Graph types that outlast SMS and voice at sign-in. A password, an e-mail address or a Temporary Access Pass does not. */
const STRONGER: ReadonlySet<string> = new Set([
  'fido2',
  'windowsHelloForBusiness',
  'platformCredential',
  'x509Certificate',
  'passwordlessMicrosoftAuthenticator',
  'external',
  'microsoftAuthenticator',
  'softwareOath',
  'hardwareOath',
])

/** M7: true, with a finding, if SMS or voice is all that the user will have. */
export function judgeSmsOrVoiceOnly(
  {methods, options}: PlanUserInput,
  {phones, oath}: After,
  draft: Draft,
): boolean {
  if (oath.hardware || outlastsPhones(methods) || phones.slots.size === 0) return false
  draft.findings.push(
    finding(
      'sms-or-voice-only',
      'M7',
      'user',
      `The user will have SMS or voice only; ${ends(options.cloud)}`,
    ),
  )
  return true
}

/** Whether Entra has a method of the user, hardware tokens aside, that goes on when SMS and voice end. */
export function outlastsPhones({authenticators, softwareOath, others}: EntraMethods): boolean {
  return authenticators.length > 0 || softwareOath.length > 0 || others.some(({type}) => STRONGER.has(type))
}

function ends(cloud: MigrationOptions['cloud']): string {
  const date = smsVoiceEnd(cloud)
  const way = 'have the user register a passkey or Microsoft Authenticator'
  return date === undefined
    ? `Microsoft has announced no date on which they end in this cloud; ${way}.`
    : `Microsoft ends them on ${date}, and after that the user is blocked at sign-in: ${way} before.`
}

/** ISO 8601 date on which Microsoft ends SMS and voice in a cloud; undefined where none is announced. */
export function smsVoiceEnd(cloud: MigrationOptions['cloud']): string | undefined {
  return END[cloud] ?? undefined
}
