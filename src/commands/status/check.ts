import {Args, Flags} from '@oclif/core'

import {PILOT_CHECK_IDS} from '../../lib/status/pilot-checks.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {tenantFlags} from '../../mfa-flags.js'

const answer = (summary: string) =>
  Flags.string({summary, options: [...PILOT_CHECK_IDS], multiple: true, multipleNonGreedy: true})

export default class StatusCheck extends MfaCommand {
  static override summary = 'Record what a pilot user found: the five checks of the migration guide.'
  static override description = `methods-visible: the user sees the migrated methods at aka.ms/mfasetup. calls-and-texts: calls and text messages arrive.
sign-in: the user gets in with them. notifications: Authenticator notifications arrive and can be approved. hardware-token: the hardware OATH token works. Without an answer on the command line each is asked for. A later answer replaces an earlier one.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> jdoe@contoso.com',
    '<%= config.bin %> <%= command.id %> jdoe@contoso.com --passed methods-visible --passed sign-in --not-applicable hardware-token',
    '<%= config.bin %> <%= command.id %> jdoe@contoso.com --failed calls-and-texts --note "no call within two minutes"',
  ]
  static override args = {user: Args.string({description: 'user principal name', required: true})}
  static override flags = {
    passed: answer('This check passed; repeatable.'),
    failed: answer('This check failed; repeatable.'),
    'not-applicable': answer('The user has nothing of the kind; repeatable.'),
    note: Flags.string({summary: 'A word about it.', helpValue: 'TEXT'}),
    ...tenantFlags,
  }

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(StatusCheck)
    const wired = await this.wire(flags)
    const {checkPilot} = await import('../../wire-status.js')
    const {user, answers} = await checkPilot(wired, args.user, flags, this.signal)
    const said = Object.entries(answers).map(([check, value]) => `${check} ${value.replace('-', ' ')}`)
    wired.out.line(`recorded for ${user}: ${said.join(', ')}`)
    wired.out.line(`Next: mfa status${wired.again}`)
    return {user, answers}
  }
}
