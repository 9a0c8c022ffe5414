import type {Manifest} from './manifest.js'

/** Steps with their boxes; a step that the tool has done itself is ticked. */
export interface RunbookStep {
  readonly done: boolean
  readonly text: string
  /** What to type, where it is one line. */
  readonly command?: string | undefined
}

/** What stays to be done by hand around a restore (rollback plan of MFA Server 8.1, and H3). */
export function restoreRunbook(
  {serverVersion, installer, role, madeAt}: Manifest,
  facts: {
    readonly data: string
    readonly aside: string | null
    readonly backup: string
    /** It was seen that the service did not run. */
    readonly stopped: boolean
    /** The service was stopped and started by the tool. */
    readonly controlled: boolean
  },
): readonly RunbookStep[] {
  const version = serverVersion === null ? 'the version that made this backup' : `version ${serverVersion}`
  const steps: RunbookStep[] = [
    facts.stopped
      ? {done: true, text: 'The service did not run while the data were replaced.'}
      : {
          done: false,
          text: 'The service did not run while the data were replaced. If it did: stop it, and restore once more.',
          command: 'sc stop MultiFactorAuth',
        },
    {done: true, text: `The data of ${madeAt} are in ${facts.data}, and were compared with the backup.`},
    ...(facts.aside === null ? [] : [{done: true, text: `What was there before is kept in ${facts.aside}.`}]),
    {
      done: false,
      text: 'Compare the rights of the folder with those of the one that was set aside: rights are not part of a backup.',
      command: `icacls "${facts.data}"`,
    },
    {
      done: false,
      text: `Going back from 8.1: uninstall it, and install ${version}. ${
        installer === null
          ? 'This backup holds no installer: use the copy that you kept, or ask Microsoft support.'
          : `Its installer is in the backup: ${facts.backup}, ${installer.stored}.`
      }`,
    },
    {
      done: facts.controlled,
      text: 'Start the service and look at its log.',
      command: facts.controlled ? undefined : 'sc start MultiFactorAuth',
    },
    {
      done: false,
      text: 'Open the console: users are there, and this server is the primary (promotion is always by hand, H3).',
    },
    ...(role === 'primary'
      ? []
      : [
          {
            done: false,
            text: 'The backup is not known to be from the primary: check before subordinates copy from it.',
          },
        ]),
    {
      done: false,
      text: 'Federated domains: let the federation server do MFA again.',
      command: 'mfa federation set enforce --domain DOMAIN',
    },
    {
      done: false,
      text: 'Turn staged rollout for MFA off, or its groups keep going to Entra.',
      command: 'mfa rollout disable',
    },
    {done: false, text: 'Sign in with a test user, through every kind of client (AD FS, RADIUS, LDAP).'},
    {done: false, text: 'Put the server back into the load balancer.'},
  ]
  return steps
}
