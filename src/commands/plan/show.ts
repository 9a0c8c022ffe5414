import {Args} from '@oclif/core'

import {openPlan} from '../../lib/migration/plan-file.js'
import {showSavedPlan} from '../../lib/report/plan-report.js'
import {MfaCommand, type Result} from '../../mfa-command.js'
import {csvFlag, settingsFlags} from '../../mfa-flags.js'

export default class PlanShow extends MfaCommand {
  static override summary = 'Show a saved plan.'
  static override examples = ['<%= config.bin %> <%= command.id %> plan.json']
  static override args = {plan: Args.string({description: 'plan file', required: true})}
  static override flags = {csv: csvFlag, ...settingsFlags}

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(PlanShow)
    const wired = await this.wire(flags)
    return showSavedPlan(await openPlan(args.plan, wired.files), wired.show, flags.csv)
  }
}
