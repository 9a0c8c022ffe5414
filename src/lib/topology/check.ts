import {fieldName, type TopologyFile} from '../model/topology.js'
import {type CloudHosts, type Finding, type Rule, RULE_IDS, type RuleId} from './finding.js'
import {h6, h7, h8} from './rules/balancing.js'
import {h9, h10, h11} from './rules/components.js'
import {h12, h13, h14} from './rules/operations.js'
import {h1, h2, h3, h4, h5} from './rules/servers.js'

const CHECKS: Readonly<Record<RuleId, Rule>> = {
  H1: h1, H2: h2, H3: h3, H4: h4, H5: h5, H6: h6, H7: h7, H8: h8, H9: h9, H10: h10, H11: h11, H12: h12, H13: h13, H14: h14,
} // prettier-ignore

/** A finding with its place in the file. */
export interface PlacedFinding extends Omit<Finding, 'path'> {
  /** Counts from 1. */
  readonly line: number
  /** `servers[1].staticPort` */
  readonly field: string
}

export interface HaCheck {
  readonly file: string
  readonly name: string
  /** By rule, then by line. */
  readonly findings: readonly PlacedFinding[]
  readonly blockers: number
  readonly warnings: number
}

/** All rules H1–H14 on one topology. Never throws on a topology that was read. */
export function checkTopology({path, topology, lineOf}: TopologyFile, hosts: CloudHosts): HaCheck {
  const findings = RULE_IDS.flatMap((id) =>
    CHECKS[id](topology, hosts)
      .map(({path: place, ...finding}) => ({...finding, line: lineOf(place), field: fieldName(place)}))
      .toSorted((one, other) => one.line - other.line),
  )
  const blockers = findings.filter(({severity}) => severity === 'blocker').length
  return {file: path, name: topology.name, findings, blockers, warnings: findings.length - blockers}
}
