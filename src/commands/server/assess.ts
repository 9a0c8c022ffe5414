import {Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {
  csvFlag,
  groupFlag,
  matchFlags,
  reportFlag,
  ruleFlags,
  sourceFlags,
  tenantFlags,
} from '../../mfa-flags.js'

export default class ServerAssess extends MfaCommand {
  static override summary =
    'Find out what stands in the way of leaving Azure MFA Server, and what to do about it.'
  static override description = `Reads the server's settings (Web Service SDK) and all its users, and goes through the dependencies A1 to C6: methods, user portal, RADIUS, LDAP and AD FS. What no program can read is asked in an answers file, and counts as open until it is answered.
With --tenant the methods in use are held against the authentication methods policy. Writes nothing to server or tenant.
Exit code 2 when something blocks the rollout or federation.`
  static override examples = [
    {
      description: 'Make an answers file with what the server does not say by itself',
      command: '<%= config.bin %> <%= command.id %> --source ./export --answers answers.yaml --init',
    },
    {
      description: 'Assess, with a page for people and a file for the pipeline',
      command:
        '<%= config.bin %> <%= command.id %> --source https://mfa1.contoso.com/MultiFactorAuthWebServiceSdk/PfWsSdk.asmx --answers answers.yaml --report assess.html --sarif assess.sarif',
    },
    {
      description: 'Only the users of one group, against the policy of the tenant',
      command:
        '<%= config.bin %> <%= command.id %> --source examples/contoso --tenant sandbox --group "MFA pilot" --answers answers.yaml',
    },
  ]
  static override flags = {
    group: {...groupFlag, summary: 'Only users of this Entra group; needs a tenant. All users unless given.'},
    answers: Flags.string({
      summary: 'What people know and no program can read (YAML or JSON).',
      helpValue: 'FILE',
    }),
    init: Flags.boolean({
      summary: 'Write a new answers file with the open questions, and end.',
      dependsOn: ['answers'],
      exclusive: ['ask'],
    }),
    ask: Flags.boolean({summary: 'Ask the open questions now; keeps them in the answers file.'}),
    csv: csvFlag,
    'users-csv': Flags.string({
      summary: 'Also write every user whom a finding is about, as CSV.',
      helpValue: 'FILE',
    }),
    sarif: Flags.string({summary: 'Also write the findings as SARIF 2.1.0.', helpValue: 'FILE'}),
    junit: Flags.string({summary: 'Also write the findings as JUnit XML.', helpValue: 'FILE'}),
    report: reportFlag,
    ...sourceFlags,
    ...tenantFlags,
    ...matchFlags,
    'default-country': ruleFlags['default-country'],
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(ServerAssess)
    const wired = await this.wire(flags)
    const {initAnswers, runAssessment} = await import('../../wire-assess.js')
    const {assessJson, showAssessed, showInit} = await import('../../lib/report/assess-report.js')
    const again = wired.repeated(['group', 'default-country']) + wired.again
    if (flags.init && flags.answers !== undefined)
      return showInit(await initAnswers(wired, flags.answers, flags, this.signal), again, wired.out)
    const found = await runAssessment(wired, flags, this.signal)
    const {assessPage} = await import('../../lib/report/assess-page.js')
    const files = {
      csv: flags.csv,
      usersCsv: flags['users-csv'],
      sarif: flags.sarif,
      junit: flags.junit,
      page: () => wired.writePage(flags.report, (source, at) => assessPage(found, source, at)),
    }
    await showAssessed(found, wired.show, files, {version: this.config.version, again})
    if (found.assessment.summary.blockers > 0) this.exitWith('differences')
    return assessJson(found)
  }
}
