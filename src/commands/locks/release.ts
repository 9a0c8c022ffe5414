import {Args} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {settingsFlags, yesFlag} from '../../mfa-flags.js'

export default class LocksRelease extends MfaCommand {
  static override summary =
    'Take a lock away from a run that is gone. Its holder, if alive, stops before its next write.'
  static override description =
    'Locks of processes that ended on this machine free themselves; this is for another machine that will not come back.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> "TENANT ./export"',
    '<%= config.bin %> locks list',
  ]
  static override args = {
    name: Args.string({description: 'name of the lock, see mfa locks list', required: true}),
  }
  static override flags = {yes: yesFlag, ...settingsFlags}

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(LocksRelease)
    const wired = await this.wire(flags)
    const {releaseLock} = await import('../../lib/migration/locks.js')
    const holder = await releaseLock(args.name, flags.yes, {journal: await wired.journal(), ui: wired.ui})
    wired.out.line(`released ${args.name}, which ${holder.user} on ${holder.host} had since ${holder.since}`)
    return {released: holder}
  }
}
