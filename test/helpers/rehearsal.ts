import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {expect} from 'vitest'

import type {TenantFile} from '../../src/lib/sandbox/tenant-file.js'
import {CONTOSO, type MfaResult, type Place} from './mfa.js'

export const EMERGENCY = 'emergency@contoso.onmicrosoft.com'
const id = (kind: string, number: number): string =>
  `0000${kind}-0000-4000-8000-${String(number).padStart(12, '0')}`

/** 201 people, one more than a group may have when it is added. Invented. */
const MANY = Array.from({length: 201}, (_, n) => `many${String(n).padStart(3, '0')}@contoso.com`)

/** Contoso, with the groups of a rollout, and accounts in the cloud that may not serve in an emergency. */
export async function rehearsalTenant(): Promise<TenantFile> {
  const contoso = JSON.parse(await readFile(join(CONTOSO, 'tenant.json'), 'utf8')) as TenantFile
  const cloud = (name: string, number: number, more: object = {}) => ({
    id: id('0c01', number),
    userPrincipalName: `${name}@contoso.onmicrosoft.com`,
    displayName: name,
    fido2Methods: [{id: id('0c02', number), displayName: 'Security key'}],
    ...more,
  })
  return {
    ...contoso,
    users: [
      ...contoso.users,
      cloud('off', 1, {accountEnabled: false}),
      cloud('visitor', 2, {userType: 'Guest'}),
      cloud('keyless', 3, {fido2Methods: []}),
      ...MANY.map((userPrincipalName, n) => ({
        id: id('0d01', n + 1),
        userPrincipalName,
        displayName: `Many ${n}`,
        onPremisesSyncEnabled: true,
        accountEnabled: false,
      })),
    ],
    groups: [
      ...contoso.groups,
      {
        id: id('0e01', 1),
        displayName: 'Rollout 1',
        members: ['ada.sunrise@contoso.com', 'bo.daybreak@contoso.com'],
      },
      {id: id('0e01', 2), displayName: 'Refused', members: ['remy.othersecret@contoso.com']},
      {id: id('0e01', 3), displayName: 'Seven devices', members: ['hana.sevendevices@contoso.com']},
      {id: id('0e01', 4), displayName: 'Cloud only', members: ['dora.cloudonly@contoso.com']},
      {id: id('0e01', 5), displayName: 'Many', members: MANY},
    ],
  }
}

/** Ten groups under the policy already, methods that only old settings may allow, and one user of whom nothing can be read. */
export const AT_THE_LIMITS: TenantFile = {
  tenantId: id('0f00', 1),
  displayName: 'Contoso (invented)',
  domains: [{name: 'contoso.com', authenticationType: 'Federated'}, 'contoso.onmicrosoft.com'],
  users: ['ann', 'bob'].map((name, n) => ({
    id: id('0f01', n + 1),
    userPrincipalName: `${name}@contoso.com`,
    displayName: name,
    onPremisesSyncEnabled: true,
    phoneMethods: [{phoneType: 'mobile', phoneNumber: `+1 425555010${n}`}],
  })),
  groups: [
    {id: id('0f02', 99), displayName: 'Eleventh', members: ['ann@contoso.com', 'bob@contoso.com']},
    ...Array.from({length: 10}, (_, n) => ({
      id: id('0f02', n),
      displayName: `Group ${n}`,
      members: [] as string[],
    })),
  ],
  authenticationMethodsPolicy: {
    policyMigrationState: 'migrationInProgress',
    authenticationMethodConfigurations: ['Sms', 'Voice'].map((method) => ({
      '@odata.type': `#microsoft.graph.${method.toLowerCase()}AuthenticationMethodConfiguration`,
      id: method,
      state: 'disabled',
    })),
  },
  featureRolloutPolicies: [
    {
      id: id('0f03', 1),
      displayName: 'MFA rollout',
      feature: 'multiFactorAuthentication',
      isEnabled: true,
      groups: Array.from({length: 10}, (_, n) => id('0f02', n)),
    },
  ],
}

/** What a refusal names: the codes of its `blockers`, or of the error itself where it has none. */
export function refusalsOf(result: MfaResult): readonly string[] {
  const {error, blockers = []} = result.json() as {
    error?: {code: string}
    blockers?: readonly {code: string}[]
  }
  const codes = blockers.map(({code}) => code)
  return [...new Set(codes.length > 0 ? codes : [error?.code ?? ''])].toSorted()
}

export interface Rehearsal {
  /** Types the command with `--json`, and expects its exit code. */
  ok(line: string, code?: number): Promise<Record<string, unknown>>
  /** Expects exit code 8 with exactly these codes, and that the tenant is asked to change nothing. */
  refused(line: string, ...codes: readonly string[]): Promise<void>
  /** Who asks this user for MFA now: `entra`, `on-premises`, or `nobody can sign in`. */
  asks(user: string): Promise<string>
  /** Everything in the tenant. */
  tenant(): Promise<TenantFile>
  /** Codes that refusals have named so far. */
  readonly seen: ReadonlySet<string>
}

/** Words of a line as a shell would split them; nothing else of a shell. */
export const words = (line: string): readonly string[] =>
  [...line.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ''))

export function rehearsal(place: Place): Rehearsal {
  const seen = new Set<string>()
  const type = (line: string) => place.mfa([...words(line), '--json'])
  const tenant = async () => (await type('sandbox show')).json() as unknown as TenantFile
  return {
    seen,
    tenant,
    ok: async (line, code = 0) => {
      const result = await type(line)
      const said = result.code === code ? '' : `${result.stdout}${result.stderr}`
      expect({line, code: result.code, said}).toEqual({line, code, said: ''})
      return result.json()
    },
    refused: async (line, ...codes) => {
      const result = await type(line)
      expect({line, code: result.code, codes: refusalsOf(result)}).toEqual({
        line,
        code: 8,
        codes: codes.toSorted(),
      })
      for (const code of codes) seen.add(code)
    },
    asks: async (user) => {
      const {mfaBy, canSignIn} = (await type(`sandbox sign-in ${user}@contoso.com`)).json()
      return canSignIn === true ? String(mfaBy) : 'nobody: shut out'
    },
  }
}
