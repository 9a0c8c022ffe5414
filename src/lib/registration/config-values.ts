import type {ConfigStore} from '../ports/app-registration.js'
import type {Progress} from './apply-steps.js'
import type {ConfigureRequest} from './configure-request.js'
import type {Step} from './steps.js'

/** What the settings file is to say that it does not say yet; undefined where it says everything. */
export function configChange(
  there: Readonly<Record<string, unknown>>,
  request: Pick<ConfigureRequest, 'tenant' | 'cloud' | 'certificate' | 'features' | 'keep'>,
  {known}: Pick<Progress, 'known'>,
  config: Pick<ConfigStore, 'file' | 'resolve'>,
): Extract<Step, {kind: 'write-config'}> | undefined {
  const {certificate} = request
  const signIn = {
    tenant: request.tenant,
    ...(request.cloud === 'global' && there['cloud'] === undefined ? {} : {cloud: request.cloud}),
    clientId: known.appId,
    clientObjectId: known.objectId,
    ...(certificate === undefined ? {} : {clientCertificatePath: certificate.file}),
  }
  const wanted: Record<string, unknown> = {
    ...(request.keep.signIn ? signIn : {}),
    ...(request.keep.features ? {features: [...request.features]} : {}),
  }
  const path = there['clientCertificatePath']
  if (typeof path === 'string' && config.resolve(path) === certificate?.file)
    delete wanted['clientCertificatePath']
  return changeTo(there, wanted, config.file)
}

/** Null removes a key. */
export function changeTo(
  there: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
  file: string,
): Extract<Step, {kind: 'write-config'}> | undefined {
  const keys = Object.keys(wanted).filter(
    (key) => JSON.stringify(there[key] ?? null) !== JSON.stringify(wanted[key] ?? null),
  )
  if (keys.length === 0) return undefined
  const pick = (from: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(keys.map((key) => [key, from[key] ?? null]))
  return {kind: 'write-config', file, before: pick(there), after: pick(wanted)}
}
