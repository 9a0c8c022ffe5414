import {Args} from '@oclif/core'

import {onePair} from '../../lib/migration/pair.js'
import {showUser} from '../../lib/report/user-report.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {matchFlags, sourceFlags, tenantFlags} from '../../mfa-flags.js'

export default class UsersShow extends MfaCommand {
  static override summary = 'Show one user: MFA Server on the left, Microsoft Entra on the right.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> jdoe@contoso.com --source ./export',
    '<%= config.bin %> <%= command.id %> jdoe@contoso.com --tenant sandbox --json',
  ]
  static override args = {
    user: Args.string({description: 'user principal name or object id', required: true}),
  }
  static override flags = {...sourceFlags, ...tenantFlags, ...matchFlags}

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(UsersShow)
    const wired = await this.wire(flags)
    const pair = await onePair(args.user, await wired.request(flags), await wired.pairing(), this.signal)
    return showUser(pair, wired.out)
  }
}
