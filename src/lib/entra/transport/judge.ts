import {MfaError} from '../../errors/mfa-error.js'
import type {Reply, ServiceAnswer} from './answers.js'
import {GraphError, readErrorBody} from './graph-error.js'
import type {GraphRequest} from './graph-request.js'
import type {NetworkFault} from './network-fault.js'
import {needOf} from './permissions.js'

export type Verdict =
  | {readonly is: 'done'; readonly status: number; readonly body: unknown}
  /** Worth another attempt, and safe. `past` is what to say when the budget is used up. */
  | {
      readonly is: 'again'
      readonly reason: 'throttled' | 'failed' | 'unreachable' | 'broken'
      readonly past: () => MfaError
    }
  | {readonly is: 'signed-out'; readonly error: MfaError}
  | {readonly is: 'over'; readonly error: MfaError}

const TRANSIENT = new Set([408, 500, 502, 503, 504])

/**
 * What one reply means for its request. A POST is repeated only where it is certain that nothing happened: after 429,
 * and where no connection came about. `repeated`: an earlier attempt may have done the work.
 */
export function judge(request: GraphRequest, reply: Reply, repeated: boolean): Verdict {
  if (reply.fault) return judgeFault(request, reply)
  const {status} = reply
  if (status >= 200 && status < 300) return judgeSuccess(request, reply)
  if (status === 404 && request.method === 'DELETE' && repeated)
    return {is: 'done', status: 204, body: undefined}
  const error = errorOf(request, reply)
  if (status === 401) return {is: 'signed-out', error: signedOut(error)}
  if (status === 403 && error.graphCode !== 'Directory_QuotaExceeded') {
    return {is: 'over', error: forbidden(request, error)}
  }
  if (status === 429) return {is: 'again', reason: 'throttled', past: () => error}
  if (!TRANSIENT.has(status)) return {is: 'over', error}
  if (request.method === 'POST') return {is: 'over', error: lost(request, error.message, error)}
  return {is: 'again', reason: 'failed', past: () => error}
}

function judgeSuccess(request: GraphRequest, reply: ServiceAnswer): Verdict {
  if (request.method === 'GET' && (typeof reply.body !== 'object' || reply.body === null)) {
    const message = `${request.method} ${request.path} was answered ${reply.status} without content`
    return {
      is: 'again',
      reason: 'failed',
      past: () =>
        new GraphError('failed', {
          status: reply.status,
          graphCode: 'ANSWER_EMPTY',
          message,
          requestId: requestIdOf(reply),
        }),
    }
  }
  return {is: 'done', status: reply.status, body: reply.body}
}

function judgeFault(request: GraphRequest, fault: NetworkFault): Verdict {
  if (fault.sent && request.method === 'POST')
    return {is: 'over', error: lost(request, fault.message, {graphCode: fault.code})}
  if (fault.lasting) return {is: 'over', error: unreachable(fault)}
  if (!fault.sent) return {is: 'again', reason: 'unreachable', past: () => unreachable(fault)}
  if (fault.code !== 'ANSWER_MISSING') return {is: 'again', reason: 'broken', past: () => unreachable(fault)}
  return {
    is: 'again',
    reason: 'broken',
    past: () => new GraphError('failed', {status: 0, graphCode: fault.code, message: fault.message}),
  }
}

export function requestIdOf(answer: ServiceAnswer): string | undefined {
  return answer.headers['request-id'] || readErrorBody(answer.body, answer.status).requestId
}

/** The service's own words, with what was asked in front. */
export function errorOf(request: GraphRequest, answer: ServiceAnswer): GraphError {
  const told = readErrorBody(answer.body, answer.status)
  return new GraphError(TRANSIENT.has(answer.status) || answer.status === 429 ? 'failed' : 'refused', {
    status: answer.status,
    graphCode: told.code,
    message: `${request.method} ${request.path}: ${told.message} (${answer.status} ${told.code})`,
    requestId: answer.headers['request-id'] || told.requestId,
  })
}

function lost(
  request: GraphRequest,
  message: string,
  about: {readonly graphCode: string; readonly status?: number; readonly requestId?: string | undefined},
): GraphError {
  return new GraphError('lost', {
    status: about.status ?? 0,
    graphCode: about.graphCode,
    message: `${request.method} ${request.path}: not known whether it happened: ${message}`,
    requestId: about.requestId,
  })
}

function unreachable(fault: NetworkFault): MfaError {
  return new MfaError('GRAPH_UNREACHABLE', fault.message, {
    exit: 'unavailable',
    fix:
      fault.fix ??
      'Check the network and the proxy; then run the same command again: it goes on where it stopped.',
  })
}

function signedOut(error: GraphError): MfaError {
  return new MfaError('GRAPH_SIGNED_OUT', `Microsoft Graph does not accept the sign-in: ${error.message}`, {
    exit: 'auth',
    fix: 'Sign in again with "mfa auth login", or check the app\'s certificate and MFA_ACCESS_TOKEN; then run the same command again.',
    requestId: error.requestId,
  })
}

function forbidden(request: GraphRequest, error: GraphError): MfaError {
  const need = needOf(request)
  const what = need === undefined ? 'a permission is missing' : `the permission ${need.permission} is missing`
  return new MfaError('GRAPH_FORBIDDEN', `${what}: ${error.message}`, {
    exit: 'auth',
    fix:
      need === undefined
        ? 'Compare the permissions that are granted to the app with those that are needed: mfa app show.'
        : `${howToGrant(need.permission)} Signed in as a person, the role ${need.role} is needed too.`,
    requestId: error.requestId,
  })
}

/** Staged rollout knows no application permission; and what registers applications is better left to people. */
function howToGrant(permission: string): string {
  if (permission.endsWith('(delegated only)'))
    return 'Grant it: mfa app configure --with rollout; then sign in as a person: mfa auth login.'
  if (/^(Application|AppRoleAssignment|DelegatedPermissionGrant)\.ReadWrite/.test(permission))
    return 'Let an administrator sign in for this: mfa app configure.'
  return `Grant it to the app: mfa app grant ${permission} (an administrator has to consent).`
}
