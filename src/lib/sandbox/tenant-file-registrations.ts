import {z} from 'zod'

const guid = z.guid('must be a GUID')
const text = z.string().min(1)
const moment = z.iso.datetime({offset: true})
const redirects = z.strictObject({redirectUris: z.array(text)})

/** An application as it stands in a tenant file: Graph's names, only what is not the default. */
export const applicationSchema = z.strictObject({
  id: guid,
  appId: guid,
  displayName: text,
  signInAudience: text.optional(),
  isFallbackPublicClient: z.boolean().optional(),
  requiredResourceAccess: z
    .array(
      z.strictObject({
        resourceAppId: guid,
        resourceAccess: z.array(z.strictObject({id: guid, type: z.enum(['Role', 'Scope'])})),
      }),
    )
    .optional(),
  /** Public certificates; all properties as Graph shows them. */
  keyCredentials: z
    .array(
      z.strictObject({
        keyId: guid,
        type: text,
        usage: text,
        displayName: text.nullable(),
        startDateTime: moment,
        endDateTime: moment,
        customKeyIdentifier: text,
        key: z.base64('must be the certificate in Base64'),
      }),
    )
    .optional(),
  publicClient: redirects.optional(),
  web: redirects.optional(),
  spa: redirects.optional(),
  description: text.optional(),
  notes: text.optional(),
  serviceManagementReference: text.optional(),
  uniqueName: text.optional(),
  tags: z.array(text).optional(),
  identifierUris: z.array(text).optional(),
  /** App id of the application that made it. */
  owner: guid.optional(),
})

/** A service principal together with what was granted to it. */
export const principalSchema = z.strictObject({
  id: guid,
  appId: guid,
  displayName: text,
  accountEnabled: z.boolean().optional(),
  appRoleAssignmentRequired: z.boolean().optional(),
  description: text.optional(),
  notes: text.optional(),
  tags: z.array(text).optional(),
  owner: guid.optional(),
  /** Application permissions of Microsoft Graph, by name. */
  appRoleAssignments: z.array(text).optional(),
  /** Delegated permissions of Microsoft Graph; `principalId` for those of one person. */
  oauth2PermissionGrants: z
    .array(z.strictObject({principalId: guid.optional(), scope: z.string()}))
    .optional(),
})

export type TenantApplication = z.infer<typeof applicationSchema>
export type TenantPrincipal = z.infer<typeof principalSchema>
