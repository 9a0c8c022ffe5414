import type {EntraIdentity} from '../../model/entra-user.js'
import type {ServerUser, SourceFault} from '../../model/server-user.js'
import type {Finding, MigrationOptions, PlannedOutcome, UserPlan} from '../plan.js'
import {finding} from './draft.js'

const NOTHING = 'Nothing of this user is migrated'

/**
 * R7, U4: users of whom nothing is migrated, whatever Graph would show of them. Undefined if the user is to be planned.
 * R7 comes first: of a row that cannot be trusted, `Enabled` cannot be trusted either.
 */
export function preflight(
  server: ServerUser,
  entra: EntraIdentity,
  options: MigrationOptions,
): UserPlan | undefined {
  const fatal = server.faults.filter((fault) => fault.severity !== 'field')
  if (fatal.length > 0 || server.mode === undefined) {
    const findings = fatal.map((fault) =>
      finding(
        fault.severity === 'mode' ? 'mode-invalid' : 'row-invalid',
        'R7',
        'user',
        `${NOTHING}: ${faultText(fault)} Correct it and run again.`,
      ),
    )
    if (server.mode === undefined && !fatal.some((fault) => fault.severity === 'mode')) {
      findings.push(
        finding(
          'mode-invalid',
          'R7',
          'user',
          `${NOTHING}: the record has no valid Mode. Correct it and run again.`,
        ),
      )
    }
    return stopped('failed', [...findings, ...fieldFindings(server)])
  }
  if (options.includeDisabled || (server.enabled && entra.accountEnabled)) return undefined
  // U4
  const where = [...(server.enabled ? [] : ['on MFA Server']), ...(entra.accountEnabled ? [] : ['in Entra'])]
  const detail = `${NOTHING}: disabled ${where.join(' and ')}. --include-disabled migrates such users.`
  return stopped('disabled', [finding('disabled', 'U4', 'user', detail), ...fieldFindings(server)])

  function stopped(outcome: PlannedOutcome, findings: readonly Finding[]): UserPlan {
    return {
      id: entra.id,
      userPrincipalName: entra.userPrincipalName,
      source: server.key,
      outcome,
      actions: [],
      alreadyThere: [],
      findings,
      smsOrVoiceOnly: false,
    }
  }
}

/** A wrong field leaves out that value only; the user goes on. */
export function fieldFindings(server: ServerUser): readonly Finding[] {
  return server.faults
    .filter((fault) => fault.severity === 'field')
    .map((fault) =>
      finding(
        'field-invalid',
        'R7',
        'user',
        `${faultText(fault)} This value is left out; correct it and run again.`,
      ),
    )
}

/** File, line and field, then the message as one sentence. */
function faultText({file, line, field, message}: SourceFault): string {
  const place = [
    file,
    ...(line === undefined ? [] : [`line ${line}`]),
    ...(field === undefined ? [] : [`field ${field}`]),
  ]
  return `${place.join(', ')}: ${message}${/[.!?]$/.test(message) ? '' : '.'}`
}
