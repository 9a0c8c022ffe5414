import {countOf} from '../model/count-of.js'
import type {Ui} from '../ports/ui.js'
import type {RegistryFacts} from './locate.js'
import type {PreflightCheck} from './preflight-check.js'
import {type Answers, ask, askNumber} from './questions.js'

/** H12 */
export async function loadBalancer({outOfLoadBalancer}: Answers, ui: Ui): Promise<PreflightCheck> {
  const check = {id: 'load-balancer', title: 'Server is out of the load balancer', from: 'operator'} as const
  const out = await ask(
    outOfLoadBalancer,
    'Is this server out of the load balancer, or is there none?',
    '--out-of-load-balancer yes',
    ui,
  )
  if (out === undefined)
    return {...check, status: 'open', detail: 'not answered (H12)', fix: '--out-of-load-balancer yes|no'}
  return out
    ? {...check, status: 'ok', detail: 'the operator says so (H12)'}
    : {
        ...check,
        status: 'blocks',
        detail: 'it still gets traffic (H12)',
        fix: 'Take it out before you run the installer.',
      }
}

/** H12: seen where the registry export lists programs, else asked. */
export async function redistributables(
  answers: Answers,
  seen: RegistryFacts['redistributables'],
  ui: Ui,
): Promise<PreflightCheck> {
  const title = 'Visual C++ 2015 redistributables, x86 and x64'
  const id = 'redistributables'
  const fix = 'Install both before, so that the upgrade does not stop at its prompt for them.'
  if (seen !== undefined) {
    const absent = [...(seen.x86 ? [] : ['x86']), ...(seen.x64 ? [] : ['x64'])]
    return absent.length === 0
      ? {id, title, status: 'ok', detail: 'both are in the registry export (H12)', from: 'seen'}
      : {
          id,
          title,
          status: 'blocks',
          detail: `${absent.join(' and ')} not in the registry export (H12)`,
          from: 'seen',
          fix,
        }
  }
  const both = await ask(
    answers.redistributables,
    'Are the Visual C++ 2015 redistributables installed, x86 and x64?',
    '--redistributables yes',
    ui,
  )
  const check = {id, title, from: 'operator'} as const
  if (both === undefined)
    return {...check, status: 'open', detail: 'not answered (H12)', fix: '--redistributables yes|no'}
  return both
    ? {...check, status: 'ok', detail: 'the operator says so (H12)'}
    : {...check, status: 'blocks', detail: 'the operator says no (H12)', fix}
}

/** The upgrade changes the schema; secondaries log what they do not know until they are upgraded. */
export async function secondaries(answers: Answers, ui: Ui): Promise<readonly PreflightCheck[]> {
  const check = {
    id: 'secondaries',
    title: 'Secondaries are ready for the new schema',
    from: 'operator',
  } as const
  const count = await askNumber(
    answers.secondaries,
    'How many secondary servers are there?',
    '--secondaries N',
    ui,
  )
  if (count === undefined) return [{...check, status: 'open', detail: 'not answered', fix: '--secondaries N'}]
  if (count === 0) return [{...check, status: 'ok', detail: 'there are none'}]
  const ready = await ask(
    answers.secondaryLogs,
    'Was the log size of the secondaries raised, or are they upgraded right after?',
    '--secondary-logs yes',
    ui,
  )
  const expected = `${countOf(count, 'secondary', 'secondaries')} will log "Unhandled SB" entries until upgraded; many with 10,000 users or more`
  if (ready === undefined)
    return [{...check, status: 'open', detail: `${expected}; not answered`, fix: '--secondary-logs yes|no'}]
  return [
    ready
      ? {...check, status: 'ok', detail: `${expected}; the operator is prepared`}
      : {
          ...check,
          status: 'blocks',
          detail: expected,
          fix: 'Raise the size of their logs, or plan their upgrade right after the primary’s.',
        },
  ]
}
