import type {
  Fido2AuthenticationMethod,
  MicrosoftAuthenticatorAuthenticationMethod,
  PhoneAuthenticationMethod,
  TemporaryAccessPassAuthenticationMethod,
  WindowsHelloForBusinessAuthenticationMethod,
} from '@microsoft/microsoft-graph-types'

import type {GraphVersion} from '../call.js'
import type {FactKind, TenantFactKind} from '../facts.js'
import type {EntityType} from '../query/options.js'

/** The kinds of methods that are facts of one user; hardware OATH tokens are apart, in the inventory. */
export type MethodKind = Exclude<
  FactKind,
  'preferences' | 'requirements' | 'rolloutCoverage' | TenantFactKind
>

interface Created {
  readonly createdDateTime: string
}

/** A method as stored: Graph's own properties, without the secret ones. */
export interface StoredMethods {
  phone: Created & Pick<Required<PhoneAuthenticationMethod>, 'phoneNumber' | 'phoneType' | 'smsSignInState'>
  softwareOath: Created
  microsoftAuthenticator: Created &
    Pick<MicrosoftAuthenticatorAuthenticationMethod, 'displayName' | 'deviceTag' | 'phoneAppVersion'>
  fido2: Created & Pick<Fido2AuthenticationMethod, 'displayName' | 'model'>
  windowsHelloForBusiness: Created & Pick<WindowsHelloForBusinessAuthenticationMethod, 'displayName'>
  temporaryAccessPass: Created &
    Pick<TemporaryAccessPassAuthenticationMethod, 'startDateTime' | 'lifetimeInMinutes' | 'isUsableOnce'>
}

interface KindOfMethod {
  readonly type: EntityType
  /** Below /users/{id}/authentication. */
  readonly collection: string
  /** Every property with its value when nothing is stored. */
  readonly empty: Readonly<Record<string, unknown>>
}

export const METHOD_KINDS: Readonly<Record<MethodKind, KindOfMethod>> = {
  phone: kind('phone', 'phoneMethods', {phoneNumber: null, phoneType: null, smsSignInState: null}),
  softwareOath: kind('softwareOath', 'softwareOathMethods', {secretKey: null}),
  microsoftAuthenticator: kind('microsoftAuthenticator', 'microsoftAuthenticatorMethods', {
    displayName: null,
    deviceTag: null,
    phoneAppVersion: null,
  }),
  fido2: kind('fido2', 'fido2Methods', {
    displayName: null,
    aaGuid: null,
    model: null,
    attestationCertificates: [],
    attestationLevel: 'attested',
  }),
  windowsHelloForBusiness: kind('windowsHelloForBusiness', 'windowsHelloForBusinessMethods', {
    displayName: null,
    keyStrength: 'normal',
  }),
  temporaryAccessPass: kind('temporaryAccessPass', 'temporaryAccessPassMethods', {
    temporaryAccessPass: null,
    startDateTime: null,
    lifetimeInMinutes: null,
    isUsableOnce: null,
  }),
}

export function methodType(kindName: MethodKind): EntityType {
  return METHOD_KINDS[kindName].type
}

/** One method as Graph shows it in its own collection. Beta adds lastUsedDateTime, which nothing sets here. */
export function toMethod(kindName: MethodKind, id: string, stored: object, version: GraphVersion): object {
  return {
    id,
    createdDateTime: null,
    ...(version === 'beta' ? {lastUsedDateTime: null} : {}),
    ...METHOD_KINDS[kindName].empty,
    ...stored,
  }
}

function kind(name: string, collection: string, empty: Record<string, unknown>): KindOfMethod {
  return {
    collection,
    empty,
    type: {
      name: `microsoft.graph.${name}AuthenticationMethod`,
      properties: new Set(['id', 'createdDateTime', 'lastUsedDateTime', ...Object.keys(empty)]),
      filter: {},
    },
  }
}
