import {readFile} from 'node:fs/promises'

import {z} from 'zod'

import {errorCode} from '../errors/error-code.js'
import {MfaError} from '../errors/mfa-error.js'
import {jsonFault} from '../model/json-fault.js'
import {applicationSchema, principalSchema} from './tenant-file-registrations.js'
import {PHONE_NUMBER} from './phone-rules.js'

const guid = z.string().regex(/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, 'must be a GUID')
const text = z.string().min(1)
const moment = z.iso.datetime({offset: true})

const phone = z.strictObject({
  phoneType: z.enum(['mobile', 'alternateMobile', 'office']),
  phoneNumber: z.string().regex(PHONE_NUMBER, 'must look like +1 4255550100 or +1 4255550100x22'),
  createdDateTime: moment.optional(),
  smsSignInState: z
    .enum([
      'notSupported',
      'notAllowedByPolicy',
      'notEnabled',
      'phoneNumberNotUnique',
      'ready',
      'notConfigured',
    ])
    .optional(),
})

const user = z.strictObject({
  id: guid,
  userPrincipalName: text,
  displayName: text,
  accountEnabled: z.boolean().optional(),
  userType: z.enum(['Member', 'Guest']).optional(),
  mail: text.optional(),
  onPremisesSyncEnabled: z.boolean().optional(),
  onPremisesSecurityIdentifier: text.optional(),
  onPremisesSamAccountName: text.optional(),
  onPremisesDomainName: text.optional(),
  phoneMethods: z.array(phone).optional(),
  softwareOathMethods: z
    .array(z.strictObject({id: guid.optional(), createdDateTime: moment.optional()}))
    .optional(),
  microsoftAuthenticatorMethods: z
    .array(
      z.strictObject({
        id: guid.optional(),
        displayName: text,
        deviceTag: text.optional(),
        phoneAppVersion: text.optional(),
        createdDateTime: moment.optional(),
      }),
    )
    .optional(),
  fido2Methods: z
    .array(
      z.strictObject({
        id: guid.optional(),
        displayName: text,
        model: text.optional(),
        createdDateTime: moment.optional(),
      }),
    )
    .optional(),
  windowsHelloForBusinessMethods: z
    .array(z.strictObject({id: guid.optional(), displayName: text, createdDateTime: moment.optional()}))
    .optional(),
  signInPreferences: z
    .strictObject({
      isSystemPreferredAuthenticationMethodEnabled: z.boolean().optional(),
      userPreferredMethodForSecondaryAuthentication: z
        .enum(['push', 'oath', 'voiceMobile', 'voiceAlternateMobile', 'voiceOffice', 'sms'])
        .optional(),
    })
    .optional(),
  perUserMfaState: z.enum(['disabled', 'enabled', 'enforced']).optional(),
})

const group = z.strictObject({
  id: guid,
  displayName: text,
  /** UPN or id of a user; id or display name of another group. */
  members: z.array(text),
  /** Makes the group dynamic; its members are still those given here. */
  membershipRule: text.optional(),
  description: text.optional(),
  mailNickname: text.optional(),
})

const rollout = z.strictObject({
  id: guid,
  displayName: text,
  description: text.optional(),
  feature: z.enum([
    'passthroughAuthentication',
    'seamlessSso',
    'passwordHashSync',
    'emailAsAlternateId',
    'certificateBasedAuthentication',
    'multiFactorAuthentication',
  ]),
  isEnabled: z.boolean(),
  isAppliedToOrganization: z.boolean().optional(),
  /** Object ids; who is in them is covered from the beginning. */
  groups: z.array(guid).optional(),
})

const device = z.strictObject({
  id: guid.optional(),
  serialNumber: text,
  manufacturer: text,
  model: text,
  secretKey: z.string().regex(/^[A-Za-z2-7]{1,128}$/, 'must be Base32 of at most 128 characters'),
  timeIntervalInSeconds: z.union([z.literal(30), z.literal(60)]),
  hashFunction: z.enum(['hmacsha1', 'hmacsha256']).optional(),
  displayName: text.optional(),
  assignedTo: text.optional(),
  activated: z.boolean().optional(),
})

const target = z.looseObject({targetType: z.enum(['group', 'user']), id: text})

export const methodConfigurationSchema = z.looseObject({
  id: text,
  state: z.enum(['enabled', 'disabled']),
  includeTargets: z.array(target).optional(),
  excludeTargets: z.array(target).optional(),
})

const domain = z
  .strictObject({
    name: text,
    authenticationType: z.enum(['Managed', 'Federated']).optional(),
    id: guid.optional(),
    displayName: text.optional(),
    issuerUri: text.optional(),
    passiveSignInUri: text.optional(),
    activeSignInUri: text.optional(),
    metadataExchangeUri: text.optional(),
    signOutUri: text.optional(),
    signingCertificate: text.optional(),
    preferredAuthenticationProtocol: z.enum(['wsFed', 'saml']).optional(),
    promptLoginBehavior: z
      .enum(['translateToFreshPasswordAuthentication', 'nativeSupport', 'disabled'])
      .optional(),
    /** Left out: never set. */
    federatedIdpMfaBehavior: z
      .enum(['acceptIfMfaDoneByFederatedIdp', 'enforceMfaByFederatedIdp', 'rejectMfaByFederatedIdp'])
      .optional(),
    /** The old flag, which sign-ins follow as long as the behaviour was never set. Graph does not show it. */
    supportsMfa: z.boolean().optional(),
  })
  .refine(
    ({name: _name, authenticationType, ...federation}) =>
      authenticationType === 'Federated' || Object.keys(federation).length === 0,
    'only a domain with authenticationType Federated has settings of a federation',
  )

export const tenantFileSchema = z.strictObject({
  tenantId: guid,
  displayName: text,
  domains: z.array(z.union([text, domain])).min(1),
  users: z.array(user),
  groups: z.array(group),
  hardwareOathDevices: z.array(device).optional(),
  featureRolloutPolicies: z.array(rollout).optional(),
  authenticationMethodsPolicy: z
    .looseObject({
      policyMigrationState: z.enum(['preMigration', 'migrationInProgress', 'migrationComplete']).optional(),
      authenticationMethodConfigurations: z.array(methodConfigurationSchema).optional(),
    })
    .optional(),
  clientApplications: z
    .array(
      z.strictObject({
        appId: guid,
        /** SHA-256 or SHA-1, hex; such a client must send its certificate (x5c). */
        certificateThumbprints: z.array(z.string().regex(/^([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$/)).optional(),
        /** Base64 of the DER form, as keyCredentials have it. */
        certificates: z.array(text).optional(),
        /** Application roles in its tokens; all of them if left out. */
        roles: z.array(text).optional(),
      }),
    )
    .optional(),
  applications: z.array(applicationSchema).optional(),
  servicePrincipals: z.array(principalSchema).optional(),
})

/** The seed of a sandbox tenant. */
export type TenantFile = z.infer<typeof tenantFileSchema>
export type TenantUser = TenantFile['users'][number]
export type TenantGroup = TenantFile['groups'][number]
export type TenantDomain = z.infer<typeof domain>
export type TenantDevice = NonNullable<TenantFile['hardwareOathDevices']>[number]
export type TenantRollout = z.infer<typeof rollout>
export type MethodConfiguration = z.infer<typeof methodConfigurationSchema>

/** Reads and checks a seed. Throws MfaError `data` that names the file and every wrong field. */
export async function readTenantFile(file: string): Promise<TenantFile> {
  const json = parse(file, await read(file))
  const checked = tenantFileSchema.safeParse(json)
  if (checked.success) return checked.data
  const lines = checked.error.issues.map((issue) => `${file}: ${fieldName(issue.path)}: ${issue.message}`)
  throw fault(lines.join('\n'))
}

async function read(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '')
  } catch (cause) {
    throw new MfaError('TENANT_FILE', `${file}: cannot be read (${errorCode(cause) ?? 'unreadable'})`, {
      exit: 'data',
      fix: 'Give the path of a tenant file that you may read.',
      cause,
    })
  }
}

/** V8's message quotes the text, which may be a key: only the place is said, and no cause is kept (R5). */
function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const {line, column} = jsonFault(text) ?? {line: 1, column: 1}
    throw fault(`${file}, line ${line}, column ${column}: is not valid JSON`)
  }
}

/** `users[3].phoneMethods[0].phoneNumber` */
function fieldName(path: readonly PropertyKey[]): string {
  if (path.length === 0) return '(the whole file)'
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`,
    )
    .join('')
}

function fault(message: string): MfaError {
  return new MfaError('TENANT_FILE', message, {
    exit: 'data',
    fix: 'Correct the file; examples/contoso/tenant.json shows the form.',
  })
}
