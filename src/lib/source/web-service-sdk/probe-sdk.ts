import type {SecureContext} from 'node:tls'

import type {Secret} from '../../model/secret.js'
import type {SdkAnswer, SdkTarget} from '../../ports/network.js'
import {CallFailure} from './call-failure.js'
import {readGreeting} from './connection.js'
import {TEST_MASTER, TEST_SECURITY} from './service-description.js'
import {Transport} from './transport.js'
import {flag} from './values.js'
import {inside, textOf, XmlFault, XmlReader} from './xml.js'

export interface ProbeOptions {
  readonly username?: string | undefined
  readonly password?: Secret | undefined
  readonly context: SecureContext
  readonly withCertificate: boolean
  readonly timeoutMs: number
}

const LOOK = 'Check host, port and path in the topology file, and that the Web Service SDK runs there.'

/** TestSecurity and TestMasterConnection, once each and without repetition. Throws only the signal's reason. */
export async function probeSdk(
  target: SdkTarget,
  {username, password, context, withCertificate, timeoutMs}: ProbeOptions,
  signal: AbortSignal,
): Promise<SdkAnswer> {
  const transport = new Transport({
    url: new URL(target.url),
    via: target.via,
    context,
    withCertificate,
    username,
    password,
    timeoutMs,
    sockets: 1,
  })
  const ask = ({operation, body, soapAction}: typeof TEST_SECURITY | typeof TEST_MASTER) =>
    transport.exchange({operation, post: {body, soapAction}}, signal)
  try {
    const greeting = readGreeting((await ask(TEST_SECURITY)).text)
    return {
      kind: 'answered',
      greeting,
      reachesPrimary: await reachesPrimary(async () => (await ask(TEST_MASTER)).text),
    }
  } catch (error) {
    if (!(error instanceof CallFailure)) throw error
    const {kind, message, fix} = error
    // Other fixes speak of --source.
    if (kind === 'auth' || kind === 'certificate-refused') return {kind: 'refused', why: message, fix}
    return {kind: 'failed', why: message, fix: kind === 'tls' && fix.includes('--source-ca') ? fix : LOOK}
  } finally {
    transport.close()
  }
}

/** Undefined where the server does not say: the operation failed, or its answer cannot be read. */
async function reachesPrimary(ask: () => Promise<string>): Promise<boolean | undefined> {
  const reader = new XmlReader([
    'Envelope',
    'Body',
    'TestMasterConnectionResponse',
    'TestMasterConnectionResult',
  ])
  try {
    const body = inside(inside(reader.read(await ask()), 'Envelope'), 'Body')
    return flag(textOf(inside(body, 'TestMasterConnectionResponse'), 'TestMasterConnectionResult'))
  } catch (error) {
    if (error instanceof CallFailure || error instanceof XmlFault) return undefined
    throw error
  }
}
