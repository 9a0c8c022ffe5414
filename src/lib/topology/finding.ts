import type {Topology, TopologyPath} from '../model/topology.js'

/** The rules of MFA Server's high availability, in the order of their ids. */
export const RULES = {
  H1: 'one primary, any number of subordinates',
  H2: 'authentication survives the primary',
  H3: 'promotion of a subordinate is manual',
  H4: 'all servers in one domain, or all stand-alone',
  H5: 'one static replication port on every server, and only that open',
  H6: 'RADIUS clients have one balanced address',
  H7: 'one-way SMS has sticky sessions',
  H8: 'user portal and mobile app service are sticky',
  H9: 'components on their own servers, published through proxies',
  H10: 'the Web Service SDK on every server behind one balanced URL on 443',
  H11: 'AD FS farm and its proxies are balanced',
  H12: 'a server is out of the load balancer while it is upgraded',
  H13: 'migration runs on a dedicated secondary with its own certificate',
  H14: 'every server reaches Graph and sign-in by HTTPS',
} as const
export type RuleId = keyof typeof RULES
export const RULE_IDS = Object.keys(RULES) as readonly RuleId[]

/** `blocker`: an outage or a failing sign-in is built in. `warning`: works, but somebody should look. */
export type Severity = 'blocker' | 'warning'

export interface Finding {
  readonly rule: RuleId
  readonly severity: Severity
  readonly path: TopologyPath
  readonly message: string
  readonly fix: string
}

/** What a rule needs beside the topology: the hosts of its cloud. */
export interface CloudHosts {
  readonly graph: string
  readonly signIn: string
}

export type Rule = (topology: Topology, hosts: CloudHosts) => readonly Finding[]

/** Findings of one rule: `blocker(path, message, fix)`. */
export const findingsOf = (rule: RuleId) => {
  const make =
    (severity: Severity) =>
    (path: TopologyPath, message: string, fix: string): Finding => ({rule, severity, path, message, fix})
  return {blocker: make('blocker'), warning: make('warning')}
}
