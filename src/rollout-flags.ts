import {Args, Flags} from '@oclif/core'

import {consistencyFlag, csvFlag, matchFlags, sourceFlags, tenantFlags, yesFlag} from './mfa-flags.js'

export const groupArg = {
  group: Args.string({description: 'Entra group, by display name or object id; --group works too'}),
}

export const rolloutGroupFlag = Flags.string({
  summary: 'The group, if it is not given as argument.',
  helpValue: 'NAME|ID',
})

export const acceptFlag = Flags.string({
  summary: 'Take objections of this kind upon you; repeatable.',
  helpValue: 'CODE',
  multiple: true,
  multipleNonGreedy: true,
})

/** Of every command that changes something. */
export const changeFlags = {
  accept: acceptFlag,
  yes: yesFlag,
  consistency: consistencyFlag,
  csv: csvFlag,
  ...tenantFlags,
}

/** Of every command that checks who would be stuck. */
export const checkFlags = {...sourceFlags, ...matchFlags}
