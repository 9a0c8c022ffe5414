import {Flags} from '@oclif/core'

import {auditFlags, auditUserFlag, showNumbersFlag, untilFlag} from '../../audit-flags.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag} from '../../mfa-flags.js'

export default class AuditList extends MfaCommand {
  static override summary = 'Read what the directory audit log says about MFA: who changed what for whom.'
  static override description = `Newest first, in words: method codes are named, phone numbers masked, device tokens never shown. Entries arrive minutes to hours after what they tell of; the last line says how far the log reaches. Needs AuditLog.Read.All.`
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --since 30d --actor incumbent --csv migrated.csv',
    '<%= config.bin %> <%= command.id %> --user jdoe@contoso.com --show-numbers',
  ]
  static override flags = {
    ...auditFlags,
    until: untilFlag,
    user: auditUserFlag,
    everything: Flags.boolean({
      summary: 'Also entries that are not about MFA; their values are never shown.',
    }),
    'show-numbers': showNumbersFlag,
    csv: csvFlag,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(AuditList)
    const wired = await this.wire(flags)
    const {auditDeps, auditQuery} = await import('../../wire-audit.js')
    const {listEntries} = await import('../../lib/audit/list.js')
    const {wordsOf} = await import('../../lib/audit/words.js')
    const {showEntries} = await import('../../lib/report/audit-report.js')
    const deps = await auditDeps(wired, this.signal)
    const query = await auditQuery(flags, wired, deps.ours, this.signal)
    const listed = await listEntries(query, flags.everything, deps, this.signal)
    const telling = {
      csv: flags.csv,
      folder: wired.resultsFolder,
      words: (entry: Parameters<typeof wordsOf>[0]) => wordsOf(entry, flags['show-numbers']),
    }
    return showEntries(listed, telling, wired.show)
  }
}
