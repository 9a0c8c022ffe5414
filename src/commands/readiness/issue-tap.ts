import {Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {consistencyFlag, tenantFlags, yesFlag} from '../../mfa-flags.js'

export default class ReadinessIssueTap extends MfaCommand {
  static override summary =
    'Issue Temporary Access Passes for users who have no way to sign in, sealed for whoever hands them over.'
  static override description = `A pass is written only to a file that the recipients' keys open (age); it is never shown, logged or put on record. One a user: --replace removes the one that is there. The method must be enabled in the policy for each user. Needs UserAuthMethod-TAP.ReadWrite.All. Make a key with age-keygen -o key.txt; read the file with age -d -i key.txt FILE.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --user jdoe@contoso.com --lifetime 60m --recipient age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p --out passes.age',
  ]
  static override flags = {
    user: Flags.string({
      summary: 'For this user: user principal name or object id; repeatable.',
      helpValue: 'UPN',
      multiple: true,
      multipleNonGreedy: true,
      required: true,
    }),
    recipient: Flags.string({
      summary: 'Seal for this age recipient; repeatable.',
      helpValue: 'age1…',
      multiple: true,
      multipleNonGreedy: true,
      required: true,
    }),
    out: Flags.string({
      summary: 'The sealed file; it must not be there yet.',
      helpValue: 'FILE',
      required: true,
    }),
    lifetime: Flags.string({
      summary: "How long it is good: 60m, 8h; the policy's standard unless given.",
      helpValue: 'TIME',
    }),
    start: Flags.string({summary: 'From when on (ISO 8601); at once unless given.', helpValue: 'TIME'}),
    once: Flags.boolean({
      summary: 'Whether it is good for one sign-in only; as the policy says unless given.',
      allowNo: true,
    }),
    replace: Flags.boolean({summary: 'Remove a pass that is there first.'}),
    yes: yesFlag,
    consistency: consistencyFlag,
    ...tenantFlags,
  }

  async run(): Promise<Result> {
    const {flags} = await this.parse(ReadinessIssueTap)
    const wired = await this.wire(flags)
    const {issueDeps, issueRequest} = await import('../../wire-readiness.js')
    const {issuePasses} = await import('../../lib/readiness/issue-passes.js')
    const {showIssued} = await import('../../lib/report/sign-in-help-report.js')
    const request = await issueRequest(flags, wired)
    return showIssued(await issuePasses(request, await issueDeps(wired), this.signal), wired.show)
  }
}
