import type {Faults} from '../../src/lib/sandbox/faults.js'
import {type Sandbox, startSandbox} from '../../src/lib/sandbox/server.js'
import {readTenantFile, type TenantFile} from '../../src/lib/sandbox/tenant-file.js'
import {CONTOSO} from './mfa.js'

export interface Tenant {
  readonly sandbox: Sandbox
  /** What makes the command line use this tenant. */
  readonly env: Readonly<Record<string, string>>
  /** Writes that arrived so far. */
  writes(): number
  stop(): Promise<void>
}

/** A tenant in this process that the command line reaches as it reaches Graph; Contoso unless told. */
export async function startTenant(
  options: {readonly tenant?: TenantFile; readonly faults?: Faults; readonly stateFile?: string} = {},
): Promise<Tenant> {
  const tenant = options.tenant ?? (await readTenantFile(`${CONTOSO}/tenant.json`))
  const sandbox = await startSandbox({
    stateFile: options.stateFile ?? ':memory:',
    tenant,
    faults: options.faults,
  })
  return {
    sandbox,
    env: {
      MFA_GRAPH_URL: sandbox.rootUrl,
      MFA_ACCESS_TOKEN: sandbox.issueToken(),
      MFA_TENANT_ID: sandbox.tenantId,
    },
    writes: () => sandbox.stats().writes,
    stop: () => sandbox.stop(),
  }
}

/** The state of a tenant without what differs from run to run: new ids and dates. */
export function comparable(tenant: TenantFile): unknown {
  const users = tenant.users.map(({phoneMethods, ...user}) => ({
    ...user,
    phoneMethods: phoneMethods?.map(({phoneType, phoneNumber, smsSignInState}) => ({
      phoneType,
      phoneNumber,
      smsSignInState,
    })),
  }))
  const hardwareOathDevices = tenant.hardwareOathDevices?.map((device) => ({...device, id: undefined}))
  return {...tenant, users, hardwareOathDevices}
}
