import {dirname, join, resolve} from 'node:path'
import type {CloudName} from '../model/cloud.js'
import {Secret} from '../model/secret.js'
import type {Setting} from '../model/setting.js'
import {loadConfigFile, type LoadedConfig} from './config-file.js'
import type {ConfigFile} from './config-schema.js'
import {directorySettings} from './directory-settings.js'
import {settingsError, type Fault} from './faults.js'
import {migrationSettings} from './migration-settings.js'
import {serviceUrl} from './parse-address.js'
import * as parse from './parse-values.js'
import {flag, Reader, variable, type Given} from './sources.js'
import type {SettingsFlags} from './settings-flags.js'
import type {Settings, StateLocation} from './settings.js'
import {userFolders} from './user-folders.js'

export const CONFIG_FILE_NAME = 'mfa.config.json'

export interface SettingsInput {
  readonly flags: SettingsFlags
  readonly env: NodeJS.ProcessEnv
  /** The working folder. */
  readonly cwd: string
  /** The user's home folder. */
  readonly home: string
  readonly platform?: NodeJS.Platform | undefined
  /** The file that `--config` names may be missing: the command writes it. */
  readonly writesConfig?: boolean | undefined
}

/**
 * Flags beat the environment, the environment beats the config file (CLI.md, "Where things come from").
 * Throws MfaError `usage` with every fault of every place at once.
 */
export async function loadSettings(input: SettingsInput): Promise<Settings> {
  const {flags, env, cwd} = input
  const folders = userFolders(input.platform ?? process.platform, env, input.home)
  const faults: Fault[] = []
  const config = await findConfig(flags.config, cwd, folders.config, input.writesConfig === true, faults)
  faults.push(...(config?.faults ?? []))
  const reader = new Reader(faults)

  const inEnv = (...names: readonly string[]) => variable(env, cwd, ...names)
  const inFile = <K extends keyof ConfigFile>(key: K): Given<NonNullable<ConfigFile[K]>> | undefined => {
    const value = config?.values[key]
    return config === undefined || value === undefined
      ? undefined
      : {value, from: config.origin(key), base: dirname(config.path)}
  }
  const secret = (name: string, ...others: readonly string[]) =>
    reader.value([inEnv(name, ...others)], (value) => ({value: new Secret(value)}))

  const settings: Settings = {
    tenant: reader.text(
      [flag('tenant', flags.tenant, cwd), inEnv('MFA_TENANT_ID', 'AZURE_TENANT_ID'), inFile('tenant')],
      parse.tenant,
    ),
    cloud: reader.text(
      [flag('cloud', flags.cloud, cwd), inEnv('MFA_CLOUD'), inFile('cloud')],
      parse.cloudName,
    ) ?? {value: 'global' satisfies CloudName, from: 'default'},
    clientId: reader.text([inEnv('MFA_CLIENT_ID', 'AZURE_CLIENT_ID'), inFile('clientId')], parse.clientId),
    clientObjectId: reader.text([inFile('clientObjectId')], parse.objectId),
    features: reader.value([inFile('features')], (value) => ({value})),
    ...certificate(reader, inEnv, inFile('clientCertificatePath'), faults),
    clientCertificatePassword: secret('MFA_CLIENT_CERTIFICATE_PASSWORD', 'AZURE_CLIENT_CERTIFICATE_PASSWORD'),
    federatedTokenFile: reader.text(
      [inEnv('MFA_FEDERATED_TOKEN_FILE', 'AZURE_FEDERATED_TOKEN_FILE'), inFile('federatedTokenFile')],
      parse.file,
    ),
    managedIdentity:
      reader.text([inEnv('MFA_MANAGED_IDENTITY')], parse.yesOrNo) ??
      reader.value([inFile('managedIdentity')], (value) => ({value})),
    accessToken: reader.text([inEnv('MFA_ACCESS_TOKEN')], (text) => {
      const parsed = parse.bearerToken(text)
      return 'value' in parsed ? {value: new Secret(parsed.value)} : parsed
    }),
    graphUrl: reader.text([inEnv('MFA_GRAPH_URL'), inFile('graphUrl')], (text) => serviceUrl(text, 'graph')),
    authorityUrl: reader.text([inEnv('MFA_AUTHORITY_URL'), inFile('authorityUrl')], (text) =>
      serviceUrl(text, 'authority'),
    ),
    source: reader.text(
      [flag('source', flags.source, cwd), inEnv('MFA_SOURCE'), inFile('source')],
      parse.source,
    ),
    sourceUsername: reader.value([inEnv('MFA_SOURCE_USERNAME'), inFile('sourceUsername')], (value) => ({
      value,
    })),
    sourcePassword: secret('MFA_SOURCE_PASSWORD'),
    sourceCertificatePassword: secret('MFA_SOURCE_CERTIFICATE_PASSWORD'),
    sourceCertificate: reader.text(
      [flag('source-certificate', flags['source-certificate'], cwd), inFile('sourceCertificate')],
      parse.file,
    ),
    sourceCa: reader.text([flag('source-ca', flags['source-ca'], cwd), inFile('sourceCa')], parse.file),
    ...directorySettings(reader, flags, input, inFile),
    seedFiles: reader.value<readonly string[], readonly string[]>(
      [flag('seed-file', flags['seed-file'], cwd), inFile('seedFiles')],
      parse.files,
    ) ?? {value: [], from: 'default'},
    state: inFolder(
      folders.state,
      reader.text([flag('state', flags.state, cwd), inEnv('MFA_STATE'), inFile('state')], parse.state),
    ),
    ...migrationSettings(reader, flags, cwd, inFile),
    configFile: config?.path,
    configTenant: config?.values.tenant,
  }
  if (faults.length > 0) throw settingsError(faults)
  return settings
}

/** The user's own folder where none is named, and for what a shared state does not hold. */
function inFolder(folder: string, given: Setting<StateLocation> | undefined): Setting<StateLocation> {
  if (given === undefined) return {value: {kind: 'folder', folder}, from: 'default'}
  return given.value.kind === 'postgres' ? {...given, value: {...given.value, folder}} : given
}

async function findConfig(
  named: string | undefined,
  cwd: string,
  userFolder: string,
  mayBeMissing: boolean,
  faults: Fault[],
): Promise<LoadedConfig | undefined> {
  if (named === undefined)
    return (
      (await loadConfigFile(join(cwd, CONFIG_FILE_NAME))) ??
      (await loadConfigFile(join(userFolder, CONFIG_FILE_NAME)))
    )
  const path = resolve(cwd, named)
  const config = named === '' ? undefined : await loadConfigFile(path)
  if (config === undefined && !(mayBeMissing && named !== ''))
    faults.push({
      message: named === '' ? '--config: is empty' : `--config: there is no file ${path}`,
      fix: 'Name an existing file, or leave --config out.',
    })
  return config
}

/** The PEM itself or a file with it. Names of this tool beat those of the Azure tools; both of ours at once are a fault. */
function certificate(
  reader: Reader,
  inEnv: (...names: readonly string[]) => Given<string> | undefined,
  inFile: Given<string> | undefined,
  faults: Fault[],
): Pick<Settings, 'clientCertificate' | 'clientCertificatePath'> {
  const pem = inEnv('MFA_CLIENT_CERTIFICATE')
  const path = inEnv('MFA_CLIENT_CERTIFICATE_PATH')
  if (pem !== undefined && path !== undefined)
    faults.push({
      message: 'MFA_CLIENT_CERTIFICATE and MFA_CLIENT_CERTIFICATE_PATH are both set',
      fix: 'Keep one: MFA_CLIENT_CERTIFICATE holds the PEM itself, MFA_CLIENT_CERTIFICATE_PATH names a file.',
    })
  if (pem !== undefined)
    return {clientCertificate: reader.value([pem], (value) => ({value: new Secret(value)}))}
  return {
    clientCertificatePath: reader.text([path, inEnv('AZURE_CLIENT_CERTIFICATE_PATH'), inFile], parse.file),
  }
}
