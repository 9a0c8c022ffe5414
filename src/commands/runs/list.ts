import {Flags} from '@oclif/core'

import {RUN_KINDS} from '../../lib/ports/journal.js'
import {showRuns} from '../../lib/report/runs-report.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, settingsFlags} from '../../mfa-flags.js'

export default class RunsList extends MfaCommand {
  static override summary = 'List the runs that this state remembers, newest first.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
    '<%= config.bin %> <%= command.id %> --kind migrate --all --csv runs.csv',
  ]
  static override flags = {
    limit: Flags.integer({summary: 'The newest so many.', helpValue: 'N', min: 1, default: 200}),
    all: Flags.boolean({summary: 'Every run.', exclusive: ['limit']}),
    kind: Flags.option({summary: 'Only runs of this kind.', options: RUN_KINDS})(),
    csv: csvFlag,
    ...settingsFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(RunsList)
    const wired = await this.wire(flags)
    const {all, kind, csv} = flags
    const limit = all ? undefined : flags.limit
    return showRuns({limit, kind, csv}, await wired.journal(), wired.show)
  }
}
