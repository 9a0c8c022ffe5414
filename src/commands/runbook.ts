import {Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../mfa-command.js'
import {groupFlag, ruleFlags, sourceFlags, tenantFlags} from '../mfa-flags.js'

export default class Runbook extends MfaCommand {
  static override summary =
    'Write what operators, the helpdesk and users need on paper, from the actual plan and topology.'
  static override description = `Into the folder: runbook and helpdesk sheet, a letter for each user by what the plan says of the user (Markdown and HTML), helpdesk.csv for spreadsheets, and letters.csv for mail merge; formulas are defused in both. All files are for their owner only.
Plans as mfa migrate --dry-run does, or reads a saved plan; writes nothing to server or tenant. Give it the flags that the migration has (--seed-file, --mapping, …): the commands in the runbook repeat them.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --tenant sandbox --group "MFA pilot" --source examples/contoso --out ./runbook',
    '<%= config.bin %> <%= command.id %> --plan plan.json --answers answers.yaml --topology topology.yaml --language de --contact "+1 425 555 0100" --out ./ablaufplan',
  ]
  static override flags = {
    group: {...groupFlag, exclusive: ['plan']},
    plan: Flags.string({summary: 'A saved plan, instead of planning now.', helpValue: 'FILE'}),
    topology: Flags.string({summary: 'Topology file of the servers, as for mfa ha.', helpValue: 'FILE'}),
    answers: Flags.string({
      summary: 'Answers file of mfa server assess: says whether the old portal still counts (C1 to C3).',
      helpValue: 'FILE',
    }),
    language: Flags.string({summary: 'Language of the papers: en or de.', helpValue: 'CODE', default: 'en'}),
    contact: Flags.string({
      summary: 'How users reach the helpdesk; stands in each letter.',
      helpValue: 'TEXT',
    }),
    out: Flags.string({summary: 'Folder to write to.', helpValue: 'FOLDER', required: true}),
    overwrite: Flags.boolean({summary: 'Replace the papers that are in the folder.'}),
    ...sourceFlags,
    ...tenantFlags,
    ...ruleFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(Runbook)
    const {out, ...others} = flags
    const wired = await this.wire(others)
    const {gatherRunbook} = await import('../wire-runbook.js')
    const {writeRunbook} = await import('../lib/report/runbook-report.js')
    return writeRunbook(await gatherRunbook(wired, flags, this.signal), out, wired.show)
  }
}
