import type {IncomingHttpHeaders} from 'node:http'
import type {Clock} from '../../ports/clock.js'
import {faultFailure, malformedFailure} from './call-failure.js'
import {Calls} from './calls.js'
import {chooseOperations, type Chosen} from './operations.js'
import {withRetries} from './retry.js'
import {readDescription, TEST_SECURITY, type ServiceDescription} from './service-description.js'
import type {Transport} from './transport.js'
import {inside, textOf, XmlFault, XmlReader} from './xml.js'

export interface Connection {
  readonly calls: Calls
  readonly chosen: Chosen
  readonly description: ServiceDescription
  /** What TestSecurity said. */
  readonly greeting: string
  readonly headers: IncomingHttpHeaders
}

/** TestSecurity, then the live description. Throws CallFailure. */
export async function connect(
  transport: Transport,
  options: {readonly retries: number; readonly clock: Clock; readonly signal: AbortSignal},
): Promise<Connection> {
  const {operation, soapAction, body} = TEST_SECURITY
  const {signal} = options
  const probe = await withRetries(
    () => transport.exchange({operation, post: {body, soapAction}}, signal),
    options,
  )
  const greeting = readGreeting(probe.text)
  const wsdl = await withRetries(() => transport.exchange({operation: '?wsdl'}, signal), options)
  if (wsdl.status !== 200) throw malformedFailure('?wsdl', `HTTP ${wsdl.status}`)
  const description = await readDescription(wsdl.text)
  const chosen = chooseOperations(description)
  if ('missing' in chosen)
    throw malformedFailure('?wsdl', `the service offers no ${chosen.missing} that is known here`)
  const calls = new Calls({transport, description, chosen, retries: options.retries, clock: options.clock})
  return {calls, chosen, description, greeting, headers: probe.headers}
}

export function readGreeting(text: string): string {
  const {operation} = TEST_SECURITY
  const reader = new XmlReader([
    'Envelope',
    'Body',
    'Fault',
    'faultstring',
    'TestSecurityResponse',
    'TestSecurityResult',
  ])
  try {
    const body = inside(inside(reader.read(text), 'Envelope'), 'Body')
    if (body?.['Fault'] !== undefined) {
      throw faultFailure(operation, textOf(inside(body, 'Fault'), 'faultstring') ?? '')
    }
    if (body?.['TestSecurityResponse'] === undefined)
      throw malformedFailure(operation, 'it is no SOAP answer')
    return textOf(inside(body, 'TestSecurityResponse'), 'TestSecurityResult') ?? ''
  } catch (error) {
    if (error instanceof XmlFault) throw malformedFailure(operation, error.message)
    throw error
  }
}
