import {PIN_ADVICE, type Blocks, type Severity} from './catalogue.js'
import type {UserCode} from './survey-users.js'

/** What a finding about users says, whoever they are. */
export interface UserFinding {
  readonly code: UserCode
  readonly title: string
  readonly why: string
  readonly action: string
  readonly who: string
  readonly severity: Severity
  readonly blocks: readonly Blocks[]
}

/** When Microsoft ends SMS and voice in the cloud that was named; undefined where no date is announced. */
export interface SmsVoiceEnd {
  readonly date: string | undefined
  readonly past: boolean
}

const HELPDESK = 'helpdesk'
const OPERATOR = 'whoever migrates'
const SERVER = 'administrator of MFA Server'

/** In the order in which they are shown. */
export function userFindings({date, past}: SmsVoiceEnd, entraRead: boolean): readonly UserFinding[] {
  const counted = entraRead
    ? 'What they have in Entra already counts.'
    : 'What they have in Entra already is not known here; --group and --tenant look.'
  const ends =
    date === undefined
      ? 'Microsoft has announced no date on which they end in this cloud'
      : past
        ? `Microsoft ended them on ${date}`
        : `Microsoft ends them on ${date}; after that these users are blocked at sign-in until they register a passkey`
  return [
    {
      code: 'no-method',
      title: 'Users with no method that can be migrated',
      why: `They would stand before a sign-in that they cannot get past, or register from nothing. ${counted}`,
      action:
        'Correct the record (a number that can be dialled), give the seeds of their tokens with --seed-file, or issue a Temporary Access Pass so that they register before they are moved.',
      who: HELPDESK,
      severity: 'high',
      blocks: ['rollout'],
    },
    {
      code: 'sms-or-voice-only',
      title: 'Users who end with SMS or voice only',
      why: `${ends}. ${counted}`,
      action:
        'Have them register a passkey or Microsoft Authenticator; mfa readiness shows where everybody stands.',
      who: HELPDESK,
      severity: 'high',
      blocks: past ? ['rollout'] : [],
    },
    {
      code: 'duplicate-user',
      title: 'Users who share a name or a SID',
      why: 'Nobody can tell which of them a person in Entra is, so none of them is migrated (rule U3).',
      action:
        'Remove the ones that are left over on MFA Server, or decide in a mapping file (mfa mapping export).',
      who: SERVER,
      severity: 'high',
      blocks: ['rollout'],
    },
    {
      code: 'duplicate-token',
      title: 'OATH tokens of several users',
      why: 'Entra gives a token to one user only.',
      action: 'Find out who has it, and correct the others on MFA Server.',
      who: 'token administrator',
      severity: 'medium',
      blocks: [],
    },
    {
      code: 'record-fault',
      title: 'Records that cannot be trusted',
      why: 'A record without a valid method, or that could not be read, is not migrated (rule R7).',
      action: 'Correct the records.',
      who: SERVER,
      severity: 'high',
      blocks: ['rollout'],
    },
    {
      code: 'number-impossible',
      title: 'Numbers that cannot be dialled',
      why: 'They are no possible numbers of their country, and are left out (rule P4).',
      action: 'Correct them on MFA Server, or have the users register one.',
      who: SERVER,
      severity: 'medium',
      blocks: [],
    },
    {
      code: 'country-unknown',
      title: 'Numbers without a country',
      why: 'They have neither a country code nor a +, and are left out (rule P4).',
      action: 'Give --default-country, or correct them on MFA Server.',
      who: OPERATOR,
      severity: 'medium',
      blocks: [],
    },
    {
      code: 'seed-missing',
      title: 'OATH tokens without a secret',
      why: 'MFA Server gives out no secrets; without one a token cannot be carried over (rule O4).',
      action: "Get the vendor's seed file, and give it with --seed-file.",
      who: 'token administrator',
      severity: 'medium',
      blocks: [],
    },
    {
      code: 'device-limit',
      title: 'Users above the device limit',
      why: 'Entra takes five devices a user: app, hardware and software OATH tokens together (rule D1). The oldest are left out.',
      action: 'Have them remove what they no longer use.',
      who: HELPDESK,
      severity: 'low',
      blocks: [],
    },
    {
      code: 'pin',
      title: 'Users who confirm with a PIN',
      why: `PINs are not carried over. ${PIN_ADVICE}`,
      action: 'Tell them what takes the place of the PIN, and have them register a stronger method.',
      who: HELPDESK,
      severity: 'medium',
      blocks: [],
    },
    {
      code: 'two-way-sms',
      title: 'Users who answer text messages (two-way)',
      why: 'Entra sends a code that is typed into the sign-in page; nobody answers a message.',
      action: 'Tell them before they are moved.',
      who: HELPDESK,
      severity: 'low',
      blocks: [],
    },
    {
      code: 'language',
      title: 'Users with a language of their own',
      why: "Entra takes the language of the user's browser (A5).",
      action: 'Tell them where it will change.',
      who: HELPDESK,
      severity: 'info',
      blocks: [],
    },
    {
      code: 'disabled',
      title: 'Users who are disabled on the server',
      why: 'They are not migrated (rule U4).',
      action: 'Nothing; or --include-disabled.',
      who: OPERATOR,
      severity: 'info',
      blocks: [],
    },
  ]
}
