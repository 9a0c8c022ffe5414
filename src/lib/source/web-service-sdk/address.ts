import {MfaError} from '../../errors/mfa-error.js'
import {isLoopback} from '../../model/loopback.js'

/** Where the Web Service SDK is. `label` is what the user typed and never holds credentials. */
export interface ServiceAddress {
  readonly url: URL
  readonly label: string
}

const EXAMPLE = 'https://mfa1.contoso.com/MultiFactorAuthWebServiceSdk/PfWsSdk.asmx'

/** Https anywhere, plain http only to this machine. Throws MfaError `usage` that names --source. */
export function parseAddress(text: string): ServiceAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw usage(
      `--source ${withoutCredentials(text)} is not a web address`,
      `Give the SDK's address, for example ${EXAMPLE}.`,
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw usage(
      '--source has a user name or a password in its address',
      'Take them out and set MFA_SOURCE_USERNAME and MFA_SOURCE_PASSWORD.',
    )
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw usage(
      `--source ${text} is plain http: credentials and users' numbers would cross the network readable`,
      'Use https; plain http is accepted only to this machine (localhost).',
    )
  }
  url.search = ''
  url.hash = ''
  return {url, label: text}
}

function withoutCredentials(text: string): string {
  return text.replace(/\/\/[^/@]*@/, '//')
}

function usage(message: string, fix: string): MfaError {
  return new MfaError('SOURCE_ADDRESS', message, {exit: 'usage', fix})
}
