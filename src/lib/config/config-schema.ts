import * as z from 'zod'
import {CLOUD_NAMES} from '../model/cloud.js'

const text = z.string().min(1, 'must not be empty')

/**
 * `mfa.config.json`. What values mean is checked together with flags and environment; here only their shape.
 * Relative paths count from the file's own folder. Secrets have no place in it.
 */
export const configFileSchema = z.strictObject({
  $schema: z.string().optional(),
  tenant: text.optional(),
  cloud: z.enum(CLOUD_NAMES).optional(),
  clientId: text.optional(),
  clientObjectId: text.optional(),
  clientCertificatePath: text.optional(),
  federatedTokenFile: text.optional(),
  managedIdentity: z.boolean().optional(),
  graphUrl: text.optional(),
  authorityUrl: text.optional(),
  source: text.optional(),
  sourceUsername: text.optional(),
  sourceCertificate: text.optional(),
  sourceCa: text.optional(),
  adUrls: z.array(text).min(1, 'must name one').optional(),
  adBase: text.optional(),
  adAttribute: text.optional(),
  adCa: text.optional(),
  adReferrals: z.enum(['report', 'follow']).optional(),
  adAnonymous: z.boolean().optional(),
  adUsername: text.optional(),
  seedFiles: z.array(text).optional(),
  state: text.optional(),
  defaultMethod: z.enum(['always', 'if-unset', 'most-secure']).optional(),
  phones: z.enum(['safe', 'replace', 'keep']).optional(),
  appCodes: z.enum(['carry', 'skip']).optional(),
  smsSignIn: z.enum(['prevent', 'allow']).optional(),
  promoteBackup: z.boolean().optional(),
  includeDisabled: z.boolean().optional(),
  defaultCountry: text.optional(),
  defaultDomain: text.optional(),
  netbios: z.record(text, text).optional(),
  mapping: text.optional(),
  maxChanges: z.union([z.int().min(0), text]).optional(),
  errorsMax: z.int().min(1).optional(),
  features: z.array(z.enum(['migrate', 'sync', 'federation', 'audit', 'rollout', 'readiness'])).optional(),
})

export type ConfigFile = z.infer<typeof configFileSchema>
