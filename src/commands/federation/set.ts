import {Args, Flags} from '@oclif/core'

import {MfaCommand, type Result} from '../../mfa-command.js'
import {consistencyFlag, groupFlag, matchFlags, sourceFlags, tenantFlags} from '../../mfa-flags.js'

export default class FederationSet extends MfaCommand {
  static override summary =
    'Say who does MFA in a federated domain: Entra (reject), either (accept), the identity provider (enforce).'
  static override description = `The cut-over is "set reject": Entra asks for MFA itself, in the whole domain, within 24 hours. It is refused until everybody who signs in through the domain has a usable method, server records are carried over, no dependency on MFA Server (C1–C6) is open, and an emergency account is named that can sign in whatever happens. A value that was never set cannot be brought back: the domain's name must be typed, or given by --confirm. "set enforce" needs --accept onprem-mfa. The list of what stands in the way has a code in each line; --accept CODE lets a kind pass, except for the emergency account.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> reject --domain contoso.com --all-users --source ./export --answers answers.yaml --emergency-account emergency@contoso.onmicrosoft.com',
    '<%= config.bin %> <%= command.id %> reject --domain contoso.com --group "Everybody" --dry-run --csv blockers.csv',
    '<%= config.bin %> <%= command.id %> accept --domain contoso.com --yes',
    '<%= config.bin %> <%= command.id %> enforce --domain contoso.com --accept onprem-mfa',
  ]
  static override args = {
    value: Args.string({
      description: 'reject, accept or enforce',
      options: ['reject', 'accept', 'enforce'],
      required: true,
    }),
  }
  static override flags = {
    domain: Flags.string({summary: 'The federated domain.', helpValue: 'D', required: true}),
    group: groupFlag,
    'all-users': Flags.boolean({summary: 'Check everybody of the domain.'}),
    'emergency-account': Flags.string({
      summary: 'A cloud-only account outside of federated domains, with a usable method.',
      helpValue: 'UPN',
    }),
    answers: Flags.string({
      summary: 'Answers about what depends on MFA Server, see mfa server assess.',
      helpValue: 'FILE',
    }),
    accept: Flags.string({
      summary: 'Let this kind of blocker pass; repeatable.',
      helpValue: 'CODE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    confirm: Flags.string({
      summary: "The domain's name once more, where nobody can type it.",
      helpValue: 'D',
    }),
    'supports-mfa': Flags.string({
      summary: 'What the old flag SupportsMfa was, where the value was never set; kept for the way back.',
      options: ['yes', 'no'],
    }),
    'dry-run': Flags.boolean({summary: 'Check and show; write nothing.'}),
    yes: Flags.boolean({char: 'y', summary: 'Do not ask; the one-way door wants --confirm all the same.'}),
    consistency: consistencyFlag,
    csv: Flags.string({summary: 'Also write what stands in the way as CSV.', helpValue: 'FILE'}),
    ...sourceFlags,
    ...matchFlags,
    ...tenantFlags,
  }

  async run(): Promise<Result> {
    const {args, flags} = await this.parse(FederationSet)
    const wired = await this.wire(flags)
    const {setDeps, setRequest} = await import('../../wire-federation.js')
    const {setFederation} = await import('../../lib/federation/set-federation.js')
    const {showPlanned, showSet} = await import('../../lib/report/federation-report.js')
    const request = await setRequest(args.value, flags, wired, showPlanned(wired.show, wired.ui))
    const report = await setFederation(request, await setDeps(wired, flags, this.signal), this.signal)
    return showSet(report, {csv: flags.csv, again: wired.again}, wired.show)
  }
}
