import {Flags} from '@oclif/core'

import {tenantFlags} from './mfa-flags.js'

/** Which entries: of `list`, `summary` and `query`. */
export const auditFlags = {
  since: Flags.string({
    summary: 'How far back: 7d, 12h, or a date (ISO 8601).',
    helpValue: 'TIME',
    default: '7d',
  }),
  actor: Flags.string({
    summary:
      'Who did it: app (this tool), incumbent (Azure MFA Management), service (the registration service), an app id, a name, or a user principal name.',
    helpValue: 'WHO',
  }),
  ...tenantFlags,
}

export const untilFlag = Flags.string({
  summary: 'Up to then: 2d ago, or a date (ISO 8601); now unless given.',
  helpValue: 'TIME',
})

export const auditUserFlag = Flags.string({
  summary: 'Whom it was done to: user principal name, or object id (also of a deleted user).',
  helpValue: 'UPN',
})

export const showNumbersFlag = Flags.boolean({
  summary: 'Show phone numbers whole; otherwise all digits but the last two are hidden.',
})
