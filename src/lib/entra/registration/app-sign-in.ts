import {X509Certificate} from 'node:crypto'
import type {KeyCredential} from '@microsoft/microsoft-graph-types'
import {MfaError} from '../../errors/mfa-error.js'
import type {CloudName} from '../../model/cloud.js'
import {Secret} from '../../model/secret.js'
import type {AppIdentity, AppSignIn, SignedInApp} from '../../ports/app-registration.js'
import type {Ui} from '../../ports/ui.js'
import type {OwnCertificate} from '../../ports/certificates.js'
import {peek} from '../auth/jwt.js'
import type {SignInDeps, SignInSettings} from '../auth/sign-in-settings.js'
import {createTokenProvider} from '../auth/token-provider.js'
import {attempt} from '../outcomes.js'
import {GraphError} from '../transport/graph-error.js'
import {path} from '../transport/graph-request.js'
import {createGraph, type Graph, type GraphLogEvent} from '../transport/graph.js'
import {newKey} from './applications.js'
import {harmlessCall} from './harmless-calls.js'
import {keyProof} from './proof.js'

export interface AppSignInOptions extends SignInDeps {
  readonly cloud: CloudName
  readonly graphUrl: string
  /** Undefined: the cloud's own. */
  readonly authorityUrl?: string | undefined
  readonly untried?: string | undefined
  readonly log?: ((event: GraphLogEvent) => void) | undefined
}

/** Signs in as the application, apart from the sign-in of the command itself. */
export function createAppSignIn(options: AppSignInOptions): AppSignIn {
  return {
    untried: options.untried,
    async signIn(identity, signal) {
      // Whoever made or read the certificate says how long it lasts.
      const ui: Ui = {
        ...options.ui,
        emit(event) {
          if (event.type !== 'warning') options.ui.emit(event)
        },
      }
      const provider = createTokenProvider(settingsOf(identity, options), {...options, ui})
      // Asked for here, so that a refusal is not taken for one of Graph.
      const token = await provider.token(signal)
      const graph = createGraph({
        rootUrl: options.graphUrl,
        token: (tokenSignal, tokenOptions) => provider.token(tokenSignal, tokenOptions),
        clock: options.clock,
        fetch: options.fetch,
        log: options.log,
        // A try-out that a busy service does not answer soon is not worth minutes.
        retry: {maxAttempts: 4, maxWaitMs: 30_000},
      })
      return signedIn(graph, identity.certificate, peek(token)?.roles)
    },
  }
}

function settingsOf(
  {tenantId, appId, certificate}: AppIdentity,
  {cloud, graphUrl, authorityUrl}: AppSignInOptions,
): SignInSettings {
  const from = 'the application’s certificate'
  const pem = new X509Certificate(Buffer.from(certificate.facts.der, 'base64')).toString()
  return {
    tenant: {value: tenantId, from},
    cloud: {value: cloud, from},
    clientId: {value: appId, from},
    clientCertificate: {value: new Secret(pem + certificate.privateKey.reveal()), from},
    graphUrl: {value: graphUrl, from},
    ...(authorityUrl === undefined ? {} : {authorityUrl: {value: authorityUrl, from}}),
  }
}

function signedIn(
  graph: Graph,
  certificate: OwnCertificate,
  permissions: readonly string[] | undefined,
): SignedInApp {
  const proof = (objectId: string) => keyProof(objectId, certificate, graph.serviceClock.now())
  return {
    permissions,
    async tryOut(permission, signal) {
      const call = await harmlessCall(graph, permission, signal).catch(forgive)
      if (call === undefined) return 'untried'
      try {
        await graph.read(call, signal)
        return 'works'
      } catch (error) {
        if (error instanceof MfaError && error.code === 'GRAPH_FORBIDDEN') return 'refused'
        // Let in, and then not found: that was harmless enough.
        if (error instanceof GraphError && (error.status === 404 || error.status === 400)) return 'works'
        return forgive(error) ?? 'untried'
      }
    },
    async rollKey(objectId, facts, signal) {
      const {startDateTime: _start, endDateTime: _end, ...keyCredential} = newKey(facts)
      const body = () => ({keyCredential, passwordCredential: null, proof: proof(objectId)})
      const to = path`/applications/${objectId}/addKey`
      const sent = await attempt(graph, {method: 'POST', version: 'v1.0', path: to, body}, signal)
      const {keyId} = (sent.answer?.body ?? {}) as KeyCredential
      return {outcome: sent.outcome, ...(keyId ? {made: {keyId}} : {})}
    },
    async dropKey(objectId, keyId, signal) {
      const body = () => ({keyId, proof: proof(objectId)})
      const to = path`/applications/${objectId}/removeKey`
      const {outcome} = await attempt(graph, {method: 'POST', version: 'v1.0', path: to, body}, signal)
      return {outcome}
    },
  }
}

/** What says nothing about the permission; anything else is thrown. */
function forgive(error: unknown): undefined {
  if (error instanceof GraphError || (error instanceof MfaError && error.code === 'GRAPH_FORBIDDEN')) return
  throw error
}
