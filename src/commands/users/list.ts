import {Flags} from '@oclif/core'

import {groupPairs} from '../../lib/migration/pair.js'
import {parseUserColumns, showUsers} from '../../lib/report/users-report.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, groupFlag, matchFlags, sourceFlags, tenantFlags} from '../../mfa-flags.js'

export default class UsersList extends MfaCommand {
  static override summary = 'List the members of a group, both sides next to each other.'
  static override description =
    "Graph's method calls are made only where a column needs them (default, phones, devices, tokens)."
  static override examples = [
    '<%= config.bin %> <%= command.id %> --group "MFA pilot" --source ./export',
    '<%= config.bin %> <%= command.id %> --group "MFA pilot" --columns user,server,phones,default --csv users.csv',
  ]
  static override flags = {
    group: {...groupFlag, required: true},
    columns: Flags.string({
      summary:
        'Columns, separated by commas: user, name, enabled, server, mode, phone, match, default, phones, devices, tokens.',
      helpValue: 'NAMES',
    }),
    csv: csvFlag,
    ...sourceFlags,
    ...tenantFlags,
    ...matchFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(UsersList)
    const columns = parseUserColumns(flags.columns)
    const wired = await this.wire(flags)
    const pairs = groupPairs(
      await wired.request(flags),
      columns.needMethods,
      await wired.pairing(),
      this.signal,
    )
    return showUsers(pairs, columns, await wired.scratch(), wired.show, flags.csv)
  }
}
