import {Args, Flags} from '@oclif/core'

import {csvFlag, matchFlags, sourceFlags, tenantFlags} from './mfa-flags.js'

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
  yes: Flags.boolean({char: 'y', summary: 'Do not ask.'}),
  consistency: Flags.integer({
    summary: 'Seconds that Entra may take to show what was written.',
    default: 60,
    min: 0,
  }),
  csv: csvFlag,
  ...tenantFlags,
}

/** Of every command that checks who would be stuck. */
export const checkFlags = {...sourceFlags, ...matchFlags}
