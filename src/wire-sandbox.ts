import {MfaError} from './lib/errors/mfa-error.js'
import {dumpTenant} from './lib/sandbox/dump-tenant.js'
import {parseFaults} from './lib/sandbox/faults.js'
import {resetSandbox, startSandbox} from './lib/sandbox/server.js'
import {readTenantFile, type TenantFile} from './lib/sandbox/tenant-file.js'
import type {Wiring} from './wire.js'
import {exampleTenant, sandboxFile} from './wire-tenant.js'

type Flags = Readonly<Record<string, unknown>>

/** Where another program finds the sandbox. The token opens nothing but the sandbox. */
export interface Served {
  readonly graphUrl: string
  readonly authorityUrl: string
  readonly tenantId: string
  readonly accessToken: string
  readonly lines: readonly string[]
}

export async function serveSandbox(wired: Wiring, flags: Flags): Promise<Served> {
  await wired.state()
  const port = flags['port']
  const faults = flags['faults']
  const roles = flags['role']
  const sandbox = await startSandbox({
    stateFile: sandboxFile(wired.settings),
    tenant: await tenantFile(flags),
    port: typeof port === 'number' ? port : 0,
    faults: typeof faults === 'string' ? parseFaults(faults) : undefined,
    personRoles: roles === undefined ? undefined : [roles].flat().map(String),
  })
  wired.onClose(() => sandbox.stop())
  const {rootUrl: graphUrl, authorityUrl, tenantId} = sandbox
  const accessToken = sandbox.issueToken()
  return {
    graphUrl,
    authorityUrl,
    tenantId,
    accessToken,
    lines: [
      `The sandbox tenant listens at ${graphUrl} until Ctrl-C. For another window:`,
      `export MFA_GRAPH_URL=${graphUrl}`,
      `export MFA_AUTHORITY_URL=${authorityUrl}`,
      `export MFA_TENANT_ID=${tenantId}`,
      `export MFA_ACCESS_TOKEN=${accessToken}`,
    ],
  }
}

/** Asks first: what was rehearsed is gone afterwards. The journal forgets too, or it would call users unchanged. */
export async function emptySandbox(wired: Wiring, flags: Flags) {
  const tenant = await tenantFile(flags)
  const question = 'Put the sandbox tenant back to its beginning?'
  if (flags['yes'] !== true && !(await wired.ui.confirm(question, '--yes'))) {
    throw new MfaError('DECLINED', 'nothing was changed', {exit: 'declined'})
  }
  const journal = await wired.journal()
  resetSandbox(sandboxFile(wired.settings), tenant)
  await journal.forgetTenant(tenant.tenantId)
  const own = typeof flags['tenant-file'] === 'string'
  return {
    done: {
      tenantId: tenant.tenantId,
      displayName: tenant.displayName,
      users: tenant.users.length,
      groups: tenant.groups.length,
    },
    next: own
      ? {group: tenant.groups[0]?.displayName, source: 'WHERE'}
      : {group: 'MFA early birds', source: 'examples/contoso'},
  }
}

export async function readSandbox(wired: Wiring): Promise<TenantFile> {
  await wired.state()
  const tenant = dumpTenant(sandboxFile(wired.settings))
  // Nobody has used it yet: it begins like this.
  return tenant.tenantId === '' ? readTenantFile(exampleTenant) : tenant
}

async function tenantFile(flags: Flags): Promise<TenantFile> {
  const file = flags['tenant-file']
  return readTenantFile(typeof file === 'string' ? file : exampleTenant)
}
