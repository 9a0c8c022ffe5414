import {Flags} from '@oclif/core'

import {consistencyFlag, groupFlag} from './mfa-flags.js'

const intervalFlag = Flags.string({
  summary: 'Time between two rounds, such as 90s, 15m or 2h; also the first pause of a user who fails.',
  default: '15m',
  helpValue: 'TIME',
})

export const syncFlags = {
  group: groupFlag,
  'all-users': Flags.boolean({summary: 'Everybody in the tenant whom the server knows.'}),
  interval: intervalFlag,
  'max-changes': Flags.string({summary: 'Refuse a round with more changes.', helpValue: 'N|N%'}),
  'errors-max': Flags.integer({
    summary: 'End a round after this many failed users (no limit unless set).',
    min: 1,
  }),
  consistency: consistencyFlag,
}

export const logUsersFlag = Flags.boolean({
  summary:
    'Name users in the log, in the result and in what is told on the way; otherwise they are counted, known by object id, or shown as [user].',
})
