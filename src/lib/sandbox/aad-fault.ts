import {randomUUID} from 'node:crypto'

/** A refusal of the token endpoint, as Entra words it. */
export class AadFault extends Error {
  readonly status: number
  readonly error: string
  readonly number: number

  constructor(status: number, error: string, number: number, message: string) {
    super(message)
    this.name = 'AadFault'
    this.status = status
    this.error = error
    this.number = number
  }
}

/** `AADSTS` and the number first, then ids and the time, as support asks for them. */
export function aadError(fault: AadFault, now: Date): object {
  const trace = randomUUID()
  const correlation = randomUUID()
  const time = now.toISOString().slice(0, 19).replace('T', ' ') + 'Z'
  return {
    error: fault.error,
    error_description: `AADSTS${fault.number}: ${fault.message} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${time}`,
    error_codes: [fault.number],
    timestamp: time,
    trace_id: trace,
    correlation_id: correlation,
    error_uri: `https://login.microsoftonline.com/error?code=${fault.number}`,
  }
}
