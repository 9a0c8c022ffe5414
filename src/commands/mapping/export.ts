import {Flags} from '@oclif/core'

import {exportMapping} from '../../lib/migration/export-mapping.js'
import {mappingText, showMapping} from '../../lib/report/mapping-report.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {groupFlag, matchFlags, sourceFlags, tenantFlags} from '../../mfa-flags.js'

export default class MappingExport extends MfaCommand {
  static override summary =
    'Write the users who could not be matched safely to a CSV file, to be decided by hand.'
  static override description =
    'Fill in the Username column and give the file to mfa migrate with --mapping. Lines without a Username are skipped.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> --group "MFA pilot" --source ./export --out map.csv',
  ]
  static override flags = {
    group: {...groupFlag, required: true},
    out: Flags.string({summary: 'File to write.', helpValue: 'map.csv', required: true}),
    ...sourceFlags,
    ...tenantFlags,
    ...matchFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(MappingExport)
    const wired = await this.wire(flags)
    const rows = await exportMapping(await wired.request(flags), await wired.pairing(), this.signal)
    await wired.files.write(flags.out, mappingText(rows))
    return showMapping(rows, flags.out, wired.out, wired.repeated(['group']) + wired.againWithout('mapping'))
  }
}
