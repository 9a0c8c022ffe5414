import {Flags} from '@oclif/core'

import {migrate} from '../lib/migration/migrate.js'
import {migrationPage} from '../lib/report/html-reports.js'
import {migrateJson, recordRun, showMigration, showPlanned} from '../lib/report/migration-report.js'
import {MfaCommand, type Result} from '../mfa-command.js'
import {
  consistencyFlag,
  csvFlag,
  groupFlag,
  reportFlag,
  ruleFlags,
  sourceFlags,
  tenantFlags,
  userFlag,
} from '../mfa-flags.js'
import {migrateInput} from '../wire-request.js'

export default class Migrate extends MfaCommand {
  static override summary = "Migrate a group's MFA settings from Azure MFA Server to Microsoft Entra MFA."
  static override description = `Reads users from MFA Server, plans, shows the plan, writes it through Microsoft Graph, and reads every user back.
Nothing is removed from Entra and nothing is ever written to MFA Server. A second run of the same command writes nothing.
A run that was cut off goes on with the same command.`
  static override examples = [
    {
      description: 'Look first; nothing is written',
      command: '<%= config.bin %> <%= command.id %> --group "MFA pilot" --source ./export --dry-run',
    },
    {
      description: 'Rehearse in the tenant inside the tool',
      command:
        '<%= config.bin %> <%= command.id %> --tenant sandbox --group "MFA pilot" --source examples/contoso',
    },
    {
      description: 'From the Web Service SDK, with seeds from the vendor, without questions',
      command:
        '<%= config.bin %> <%= command.id %> --group "MFA pilot" --source https://mfa1.contoso.com/MultiFactorAuthWebServiceSdk/PfWsSdk.asmx --seed-file seeds.csv --yes',
    },
    {
      description: 'Save a plan and have it approved',
      command:
        '<%= config.bin %> <%= command.id %> --group "MFA pilot" --source ./export --dry-run --out plan.json',
    },
    {
      description: 'Apply exactly that plan',
      command: '<%= config.bin %> <%= command.id %> --plan plan.json --source ./export --yes',
    },
  ]
  static override flags = {
    group: groupFlag,
    user: userFlag,
    plan: Flags.string({summary: 'Apply exactly this saved plan.', helpValue: 'FILE', exclusive: ['out']}),
    retry: Flags.string({
      summary: 'Only the users who failed in this run, or are in doubt.',
      helpValue: 'RUN',
      exclusive: ['plan', 'user'],
    }),
    'dry-run': Flags.boolean({summary: 'Plan and show; write nothing.'}),
    'detailed-exitcode': Flags.boolean({
      summary: 'With --dry-run: exit 2 if something would be written.',
      dependsOn: ['dry-run'],
    }),
    out: Flags.string({summary: 'Save the plan.', helpValue: 'plan.json'}),
    all: Flags.boolean({summary: 'Unchanged users too (rule U5).'}),
    yes: Flags.boolean({char: 'y', summary: 'Write without asking.'}),
    'max-changes': Flags.string({summary: 'Refuse a plan with more changes.', helpValue: 'N|N%'}),
    'errors-max': Flags.integer({summary: 'Stop after this many failed users (50 unless set).', min: 1}),
    consistency: consistencyFlag,
    workers: Flags.string({
      summary: 'Write alone, or together with every machine that runs mfa sync run on the same shared state.',
      options: ['own', 'shared'],
    }),
    csv: csvFlag,
    report: reportFlag,
    ...sourceFlags,
    ...tenantFlags,
    ...ruleFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(Migrate)
    const wired = await this.wire(flags)
    wired.warnOfCloud('migrate')
    const input = await migrateInput(wired, flags, showPlanned(wired.show))
    const report = await migrate(input, await wired.migrating(), this.signal)
    wired.traces.describe({...report, ...report.collected, kind: 'migrate', summary: report.results.summary})
    const records = await recordRun(report, wired.show, wired.resultsFolder)
    await wired.writePage(flags.report, (source, at) => migrationPage(report, source, at))
    await showMigration(report, wired.show, {csv: flags.csv, again: wired.again, records})
    if (report.stop !== undefined) throw report.stop.error
    const {partly, failed, actions} = report.results.summary
    if (partly + failed > 0 && !report.dryRun) this.exitWith('partial')
    if (flags['detailed-exitcode'] && actions.planned > 0) this.exitWith('differences')
    return migrateJson(report, wired.show, wired.resultsFolder, records)
  }
}
