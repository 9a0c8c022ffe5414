import {Args} from '@oclif/core'

import {countOf} from '../../lib/model/count-of.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {settingsFlags} from '../../mfa-flags.js'

export default class StateCopy extends MfaCommand {
  static override summary = 'Copy the state into another, empty place, and prove that both are the same.'
  static override description = `From a folder or SQLite file to PostgreSQL, when one machine is outgrown, or back. Whole or not at all. The source is left as it is; locks, logs and the sign-in of mfa auth login are not copied. Nothing may run on the source meanwhile.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> sqlite:/var/lib/mfa/state.db postgres://mfa@db.contoso.com/mfa',
    '<%= config.bin %> <%= command.id %> postgres://mfa@db.contoso.com/mfa ./state',
  ]
  static override args = {
    from: Args.string({description: 'a folder, sqlite:FILE, or postgres://…', required: true}),
    to: Args.string({description: 'the same; empty, or not there yet', required: true}),
  }
  static override flags = {...settingsFlags}

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(StateCopy)
    const wired = await this.wire(flags)
    const {copyBetween} = await import('../../wire-state.js')
    const copied = await copyBetween(wired, args.from, args.to, this.signal)
    const rows = Object.values(copied.rows).reduce((sum, count) => sum + count, 0)
    wired.out.line(`copied ${countOf(rows, 'row')} from ${copied.from} to ${copied.to}; both are the same`)
    wired.out.line(`Next: --state ${args.to}, or MFA_STATE, with every command from now on`)
    return {...copied}
  }
}
