import {Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../mfa-command.js'
import {consistencyFlag, tenantFlags} from '../mfa-flags.js'

export default class Rollback extends MfaCommand {
  static override summary =
    'Go the whole way back to MFA Server: server, federation, staged rollout, and methods if wanted.'
  static override description = `In the order of the guide, one step after the other: MFA Server 8.1 uninstalled, data file restored, previous version installed, service confirmed (you do these and say so); each federated domain set back to what it was before this tool's first change (where it was never set: to the explicit value that comes nearest; without a record: to enforce); staged rollout off; with --undo the changes of methods of chosen runs undone, once Entra asks nobody for them any more (24 hours after the steps before). Each step is shown, asked for and put on record. What is done already is not done again: after a stop or a crash the same command goes on. Refuses without --accept onprem-mfa, by which you attest that MFA works at the identity provider: Azure MFA Server itself answers no requests since 2024-09-30.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --dry-run',
    '<%= config.bin %> <%= command.id %> --accept onprem-mfa --backup ./backups/mfa-server-20270115T080000Z --data ./Data',
    '<%= config.bin %> <%= command.id %> --accept onprem-mfa --skip server="the server was never upgraded" --yes',
    '<%= config.bin %> <%= command.id %> --accept onprem-mfa --undo last --yes --json',
  ]
  static override flags = {
    to: Flags.string({
      summary: 'What domains are set to instead of what they were.',
      options: ['reject', 'accept', 'enforce'],
    }),
    domain: Flags.string({
      summary: 'Only this federated domain; repeatable.',
      helpValue: 'D',
      multiple: true,
      multipleNonGreedy: true,
    }),
    undo: Flags.string({
      summary:
        'Also undo what this run of mfa migrate wrote: its id, its first letters, or last; repeatable.',
      helpValue: 'RUN',
      multiple: true,
      multipleNonGreedy: true,
    }),
    step: Flags.string({summary: 'Only this step; those before it must be done.', helpValue: 'STEP'}),
    skip: Flags.string({
      summary:
        'Leave out a step (or server, federation, undo: all of a kind), with the reason for the record; repeatable.',
      helpValue: 'STEP=WHY',
      multiple: true,
      multipleNonGreedy: true,
    }),
    again: Flags.boolean({
      summary: 'Begin with the first step, whatever is on record of an earlier way back.',
    }),
    backup: Flags.string({summary: 'The backup, for the command that restores it.', helpValue: 'FOLDER'}),
    data: Flags.string({summary: "MFA Server's data folder, for the same command.", helpValue: 'FOLDER'}),
    accept: Flags.string({
      summary:
        'onprem-mfa: you attest that MFA works at the identity provider. undo-early: methods may go while Entra still asks for them.',
      helpValue: 'CODE',
      options: ['onprem-mfa', 'undo-early'],
      multiple: true,
      multipleNonGreedy: true,
    }),
    confirm: Flags.string({
      summary: 'With --to: the name of a domain that was never set; repeatable.',
      helpValue: 'D',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'dry-run': Flags.boolean({summary: 'Show the steps; write nothing.'}),
    yes: Flags.boolean({
      char: 'y',
      summary: 'Do not ask; steps on the server count as done, attested by this flag.',
    }),
    consistency: consistencyFlag,
    ...tenantFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(Rollback)
    const wired = await this.wire(flags)
    const {rollbackDeps, rollbackRequest} = await import('../wire-rollback.js')
    const {rollback} = await import('../lib/rollback/rollback.js')
    const {showRollbackPlan, showRolledBack, showStep} = await import('../lib/report/rollback-report.js')
    const show = {preview: showRollbackPlan(wired.show, wired.ui), reached: showStep(wired.show)}
    const request = await rollbackRequest(flags, wired, show)
    const report = await rollback(request, await rollbackDeps(wired, flags), this.signal)
    const asked = wired.repeated(['to', 'domain', 'undo', 'skip', 'backup', 'data', 'confirm'])
    return showRolledBack(report, {again: wired.again, asked}, wired.show)
  }
}
