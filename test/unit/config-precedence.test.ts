import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {inspect} from 'node:util'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import type {ConfigFile} from '../../src/lib/config/config-schema.js'
import {loadSettings} from '../../src/lib/config/load-settings.js'
import {pickFlags, type SettingsFlags} from '../../src/lib/config/settings-flags.js'
import type {Settings} from '../../src/lib/config/settings.js'
import type {SignInSettings} from '../../src/lib/entra/auth/sign-in-settings.js'
import {Secret} from '../../src/lib/model/secret.js'

let folder: string
let home: string
let cwd: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mfa-config-'))
  home = join(folder, 'home')
  cwd = join(folder, 'work')
  await mkdir(join(home, '.config', 'mfa'), {recursive: true})
  await mkdir(cwd)
})
afterEach(() => rm(folder, {recursive: true}))

const load = (flags: SettingsFlags = {}, env: NodeJS.ProcessEnv = {}) =>
  loadSettings({flags, env, cwd, home, platform: 'linux'})
const write = (config: ConfigFile, path = join(cwd, 'mfa.config.json')) =>
  writeFile(path, JSON.stringify(config))

const GUID = (digit: number) => `${digit}`.repeat(8) + '-0000-4000-8000-000000000000'
const bundle = (name: string) => ({kind: 'bundle', folder: name.replace('./', ''), label: name})
const sdk = (url: string) => ({kind: 'web-service-sdk', url, label: url})

interface Row {
  readonly setting: keyof Settings
  /** Weakest first: each must beat those before it. */
  readonly places: readonly {
    readonly from: string
    readonly flags?: SettingsFlags
    readonly env?: NodeJS.ProcessEnv
    readonly config?: ConfigFile
    readonly value: unknown
  }[]
}

const ROWS: readonly Row[] = [
  {
    setting: 'tenant',
    places: [
      {from: 'mfa.config.json: tenant', config: {tenant: 'Contoso.com'}, value: 'contoso.com'},
      {from: 'AZURE_TENANT_ID', env: {AZURE_TENANT_ID: GUID(1)}, value: GUID(1)},
      {from: 'MFA_TENANT_ID', env: {MFA_TENANT_ID: ` ${GUID(2)}\n`}, value: GUID(2)},
      {from: '--tenant', flags: {tenant: 'Sandbox'}, value: 'sandbox'},
    ],
  },
  {
    setting: 'cloud',
    places: [
      {from: 'default', value: 'global'},
      {from: 'mfa.config.json: cloud', config: {cloud: 'china'}, value: 'china'},
      {from: 'MFA_CLOUD', env: {MFA_CLOUD: 'usgov'}, value: 'usgov'},
      {from: '--cloud', flags: {cloud: 'usgovdod'}, value: 'usgovdod'},
    ],
  },
  {
    setting: 'clientId',
    places: [
      {from: 'mfa.config.json: clientId', config: {clientId: GUID(1)}, value: GUID(1)},
      {from: 'AZURE_CLIENT_ID', env: {AZURE_CLIENT_ID: GUID(2)}, value: GUID(2)},
      {from: 'MFA_CLIENT_ID', env: {MFA_CLIENT_ID: GUID(3)}, value: GUID(3)},
    ],
  },
  {
    setting: 'clientObjectId',
    // Whatever the directory calls it: it is written as it came, and must be read again.
    places: [{from: 'mfa.config.json: clientObjectId', config: {clientObjectId: 'Obj.4'}, value: 'Obj.4'}],
  },
  {
    setting: 'features',
    places: [
      {
        from: 'mfa.config.json: features',
        config: {features: ['migrate', 'sync']},
        value: ['migrate', 'sync'],
      },
    ],
  },
  {
    setting: 'clientCertificatePath',
    places: [
      {
        from: 'mfa.config.json: clientCertificatePath',
        config: {clientCertificatePath: 'a.pem'},
        value: 'a.pem',
      },
      {from: 'AZURE_CLIENT_CERTIFICATE_PATH', env: {AZURE_CLIENT_CERTIFICATE_PATH: 'b.pem'}, value: 'b.pem'},
      {from: 'MFA_CLIENT_CERTIFICATE_PATH', env: {MFA_CLIENT_CERTIFICATE_PATH: 'c.pem'}, value: 'c.pem'},
    ],
  },
  {
    setting: 'clientCertificatePassword',
    places: [
      {from: 'AZURE_CLIENT_CERTIFICATE_PASSWORD', env: {AZURE_CLIENT_CERTIFICATE_PASSWORD: 'x'}, value: 'x'},
      {from: 'MFA_CLIENT_CERTIFICATE_PASSWORD', env: {MFA_CLIENT_CERTIFICATE_PASSWORD: ' y '}, value: ' y '},
    ],
  },
  {
    setting: 'clientCertificate',
    places: [{from: 'MFA_CLIENT_CERTIFICATE', env: {MFA_CLIENT_CERTIFICATE: 'PEM'}, value: 'PEM'}],
  },
  {
    setting: 'federatedTokenFile',
    places: [
      {from: 'mfa.config.json: federatedTokenFile', config: {federatedTokenFile: 'a'}, value: 'a'},
      {from: 'AZURE_FEDERATED_TOKEN_FILE', env: {AZURE_FEDERATED_TOKEN_FILE: 'b'}, value: 'b'},
    ],
  },
  {
    setting: 'managedIdentity',
    places: [
      {from: 'mfa.config.json: managedIdentity', config: {managedIdentity: false}, value: false},
      {from: 'MFA_MANAGED_IDENTITY', env: {MFA_MANAGED_IDENTITY: '1'}, value: true},
    ],
  },
  {
    setting: 'accessToken',
    places: [{from: 'MFA_ACCESS_TOKEN', env: {MFA_ACCESS_TOKEN: 'Bearer abc\n'}, value: 'abc'}],
  },
  {
    setting: 'graphUrl',
    places: [
      {
        from: 'mfa.config.json: graphUrl',
        config: {graphUrl: 'https://a.example.com/'},
        value: 'https://a.example.com',
      },
      {
        from: 'MFA_GRAPH_URL',
        env: {MFA_GRAPH_URL: 'http://[::1]:8080/graph/'},
        value: 'http://[::1]:8080/graph',
      },
    ],
  },
  {
    setting: 'authorityUrl',
    places: [
      {
        from: 'mfa.config.json: authorityUrl',
        config: {authorityUrl: 'https://a.example.com'},
        value: 'https://a.example.com',
      },
      {
        from: 'MFA_AUTHORITY_URL',
        env: {MFA_AUTHORITY_URL: 'http://localhost:1'},
        value: 'http://localhost:1',
      },
    ],
  },
  {
    setting: 'source',
    places: [
      {from: 'mfa.config.json: source', config: {source: 'a'}, value: bundle('a')},
      {
        from: 'MFA_SOURCE',
        env: {MFA_SOURCE: 'https://mfa.example.com/PfWsSdk.asmx'},
        value: sdk('https://mfa.example.com/PfWsSdk.asmx'),
      },
      {from: '--source', flags: {source: './c'}, value: bundle('./c')},
    ],
  },
  {
    setting: 'sourceUsername',
    places: [
      {from: 'mfa.config.json: sourceUsername', config: {sourceUsername: 'CONTOSO\\a'}, value: 'CONTOSO\\a'},
      {from: 'MFA_SOURCE_USERNAME', env: {MFA_SOURCE_USERNAME: 'CONTOSO\\b'}, value: 'CONTOSO\\b'},
    ],
  },
  {
    setting: 'sourcePassword',
    places: [{from: 'MFA_SOURCE_PASSWORD', env: {MFA_SOURCE_PASSWORD: 'p'}, value: 'p'}],
  },
  {
    setting: 'sourceCertificatePassword',
    places: [
      {from: 'MFA_SOURCE_CERTIFICATE_PASSWORD', env: {MFA_SOURCE_CERTIFICATE_PASSWORD: 'p'}, value: 'p'},
    ],
  },
  {
    setting: 'sourceCertificate',
    places: [
      {from: 'mfa.config.json: sourceCertificate', config: {sourceCertificate: 'a'}, value: 'a'},
      {from: '--source-certificate', flags: {'source-certificate': 'b'}, value: 'b'},
    ],
  },
  {
    setting: 'sourceCa',
    places: [
      {from: 'mfa.config.json: sourceCa', config: {sourceCa: 'a'}, value: 'a'},
      {from: '--source-ca', flags: {'source-ca': 'b'}, value: 'b'},
    ],
  },
  {
    setting: 'adUrls',
    places: [
      {
        from: 'mfa.config.json: adUrls',
        config: {adUrls: ['ldaps://DC1.example.com', 'ldap://dc2.example.com']},
        value: ['ldaps://dc1.example.com:636', 'ldap://dc2.example.com:389'],
      },
      {
        from: 'MFA_AD_URL',
        env: {MFA_AD_URL: 'ldaps://dc3.example.com:3269, ldaps://dc3.example.com:3269/'},
        value: ['ldaps://dc3.example.com:3269'],
      },
      {
        from: '--ad-url',
        flags: {'ad-url': ['ldaps://[::1]:10636']},
        value: ['ldaps://[::1]:10636'],
      },
    ],
  },
  {
    setting: 'adBase',
    places: [
      {from: 'mfa.config.json: adBase', config: {adBase: 'DC=a'}, value: 'DC=a'},
      {from: 'MFA_AD_BASE', env: {MFA_AD_BASE: 'DC=b'}, value: 'DC=b'},
      {from: '--ad-base', flags: {'ad-base': 'DC=c'}, value: 'DC=c'},
    ],
  },
  {
    setting: 'adAttribute',
    places: [
      {from: 'mfa.config.json: adAttribute', config: {adAttribute: 'mail'}, value: 'mail'},
      {from: 'MFA_AD_ATTRIBUTE', env: {MFA_AD_ATTRIBUTE: 'employeeID'}, value: 'employeeID'},
      {
        from: '--ad-attribute',
        flags: {'ad-attribute': 'extensionAttribute1'},
        value: 'extensionAttribute1',
      },
    ],
  },
  {
    setting: 'adCa',
    places: [
      {from: 'mfa.config.json: adCa', config: {adCa: 'a'}, value: 'a'},
      {from: 'MFA_AD_CA', env: {MFA_AD_CA: 'b'}, value: 'b'},
      {from: '--ad-ca', flags: {'ad-ca': 'c'}, value: 'c'},
    ],
  },
  {
    setting: 'adReferrals',
    places: [
      {from: 'mfa.config.json: adReferrals', config: {adReferrals: 'follow'}, value: 'follow'},
      {from: 'MFA_AD_REFERRALS', env: {MFA_AD_REFERRALS: 'report'}, value: 'report'},
      {from: '--ad-referrals', flags: {'ad-referrals': 'follow'}, value: 'follow'},
    ],
  },
  {
    setting: 'adAnonymous',
    places: [
      {from: 'mfa.config.json: adAnonymous', config: {adAnonymous: true}, value: true},
      {from: '--ad-anonymous', flags: {'ad-anonymous': true}, value: true},
    ],
  },
  {
    setting: 'adUsername',
    places: [
      {from: 'mfa.config.json: adUsername', config: {adUsername: 'CONTOSO\\a'}, value: 'CONTOSO\\a'},
      {from: 'MFA_AD_USERNAME', env: {MFA_AD_USERNAME: 'CONTOSO\\b'}, value: 'CONTOSO\\b'},
    ],
  },
  {
    setting: 'adPassword',
    places: [{from: 'MFA_AD_PASSWORD', env: {MFA_AD_PASSWORD: ''}, value: ''}],
  },
  {
    setting: 'seedFiles',
    places: [
      {from: 'default', value: []},
      {from: 'mfa.config.json: seedFiles', config: {seedFiles: ['a', 'b']}, value: ['a', 'b']},
      {from: '--seed-file', flags: {'seed-file': ['c']}, value: ['c']},
    ],
  },
  {
    setting: 'state',
    places: [
      {from: 'default', value: {kind: 'folder', folder: '~/.local/state/mfa'}},
      {from: 'mfa.config.json: state', config: {state: 'a'}, value: {kind: 'folder', folder: 'a'}},
      {from: 'MFA_STATE', env: {MFA_STATE: 'b'}, value: {kind: 'folder', folder: 'b'}},
      {
        from: '--state',
        flags: {state: 'sqlite:c/runs.db'},
        value: {kind: 'sqlite', folder: 'c', file: 'c/runs.db'},
      },
    ],
  },
  {
    setting: 'defaultMethod',
    places: [
      {from: 'mfa.config.json: defaultMethod', config: {defaultMethod: 'always'}, value: 'always'},
      {from: '--default-method', flags: {'default-method': 'most-secure'}, value: 'most-secure'},
    ],
  },
  {
    setting: 'phones',
    places: [
      {from: 'mfa.config.json: phones', config: {phones: 'keep'}, value: 'keep'},
      {from: '--phones', flags: {phones: 'replace'}, value: 'replace'},
    ],
  },
  {
    setting: 'appCodes',
    places: [
      {from: 'mfa.config.json: appCodes', config: {appCodes: 'skip'}, value: 'skip'},
      {from: '--app-codes', flags: {'app-codes': 'carry'}, value: 'carry'},
    ],
  },
  {
    setting: 'smsSignIn',
    places: [
      {from: 'mfa.config.json: smsSignIn', config: {smsSignIn: 'allow'}, value: 'allow'},
      {from: '--sms-sign-in', flags: {'sms-sign-in': 'prevent'}, value: 'prevent'},
    ],
  },
  {
    setting: 'promoteBackup',
    places: [
      {from: 'mfa.config.json: promoteBackup', config: {promoteBackup: true}, value: true},
      {from: '--no-promote-backup', flags: {'promote-backup': false}, value: false},
    ],
  },
  {
    setting: 'includeDisabled',
    places: [
      {from: 'mfa.config.json: includeDisabled', config: {includeDisabled: false}, value: false},
      {from: '--include-disabled', flags: {'include-disabled': true}, value: true},
    ],
  },
  {
    setting: 'defaultCountry',
    places: [
      {from: 'mfa.config.json: defaultCountry', config: {defaultCountry: 'de'}, value: 'DE'},
      {from: '--default-country', flags: {'default-country': 'us'}, value: 'US'},
    ],
  },
  {
    setting: 'defaultDomain',
    places: [
      {from: 'mfa.config.json: defaultDomain', config: {defaultDomain: 'CONTOSO'}, value: 'CONTOSO'},
      {from: '--default-domain', flags: {'default-domain': 'corp.contoso.com'}, value: 'corp.contoso.com'},
    ],
  },
  {
    setting: 'netbios',
    places: [
      {
        from: 'mfa.config.json: netbios',
        config: {netbios: {contoso: 'Contoso.com'}},
        value: {CONTOSO: 'contoso.com'},
      },
      {
        from: '--netbios',
        flags: {netbios: ['a=a.example.com', 'B=b.example.com']},
        value: {A: 'a.example.com', B: 'b.example.com'},
      },
    ],
  },
  {
    setting: 'mapping',
    places: [
      {from: 'mfa.config.json: mapping', config: {mapping: 'a.csv'}, value: 'a.csv'},
      {from: '--mapping', flags: {mapping: 'b.csv'}, value: 'b.csv'},
    ],
  },
  {
    setting: 'maxChanges',
    places: [
      {from: 'mfa.config.json: maxChanges', config: {maxChanges: 25}, value: '25'},
      {from: '--max-changes', flags: {'max-changes': '10%'}, value: '10%'},
    ],
  },
  {
    setting: 'errorsMax',
    places: [
      {from: 'mfa.config.json: errorsMax', config: {errorsMax: 5}, value: 5},
      {from: '--errors-max', flags: {'errors-max': 7}, value: 7},
    ],
  },
]

/** Secrets opened, and paths shown from the working folder or from home. */
function plain(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal()
  if (typeof value === 'string')
    return value.startsWith(`${cwd}/`) ? value.slice(cwd.length + 1) : value.replace(home, '~')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
  return value
}

describe('flags beat environment beats config file', () => {
  const cases = ROWS.flatMap(({setting, places}) =>
    places.map((place, index) => ({setting, places, place, index})),
  )
  it.each(cases)('$setting from $place.from', async ({setting, places, place, index}) => {
    const given = places.slice(0, index + 1)
    await write(Object.assign({}, ...given.map(({config}) => config)) as ConfigFile)
    const settings = await load(
      Object.assign({}, ...given.map(({flags}) => flags)) as SettingsFlags,
      Object.assign({}, ...given.map(({env}) => env)) as NodeJS.ProcessEnv,
    )
    const found = settings[setting]
    expect(plain(found)).toEqual({from: place.from, value: plain(place.value)})
  })

  it('has a row for every setting', async () => {
    const settings = await load()
    expect(new Set(ROWS.map(({setting}) => setting))).toEqual(
      new Set(
        Object.keys({...settings, clientCertificate: 1, clientCertificatePath: 1}).filter(
          (key) => key !== 'configFile' && key !== 'configTenant',
        ),
      ),
    )
  })
})

it('an empty variable counts as unset, an empty flag does not', async () => {
  await write({tenant: 'contoso.com'})
  expect((await load({}, {MFA_TENANT_ID: '', AZURE_TENANT_ID: '  '})).tenant?.from).toBe(
    'mfa.config.json: tenant',
  )
  await expect(load({tenant: ''})).rejects.toMatchObject({exit: 'usage', message: '--tenant: is empty'})
})

it('the certificate in a variable of ours beats the path of the Azure tools', async () => {
  const settings = await load({}, {MFA_CLIENT_CERTIFICATE: 'PEM', AZURE_CLIENT_CERTIFICATE_PATH: 'x.pem'})
  expect([settings.clientCertificate?.from, settings.clientCertificatePath]).toEqual([
    'MFA_CLIENT_CERTIFICATE',
    undefined,
  ])
})

it('reads the working folder’s file, else the user’s, else the one that --config names', async () => {
  expect((await load()).configFile).toBeUndefined()
  await write(
    {tenant: 'user.example.com', sourceCa: 'ca.pem'},
    join(home, '.config', 'mfa', 'mfa.config.json'),
  )
  const users = await load()
  expect(users.tenant?.value).toBe('user.example.com')
  expect(users.sourceCa?.value).toBe(join(home, '.config', 'mfa', 'ca.pem'))
  await write({tenant: 'work.example.com'})
  const works = await load()
  expect([works.tenant?.value, works.sourceCa]).toEqual(['work.example.com', undefined])
  await write({tenant: 'named.example.com'}, join(folder, 'other.json'))
  const named = await load({config: '../other.json'})
  expect(named.tenant).toEqual({value: 'named.example.com', from: 'other.json: tenant'})
  expect(named.configFile).toBe(join(folder, 'other.json'))
})

it('lets --config name a file that is not there yet, for a command that writes it', async () => {
  await expect(load({config: 'new.json'})).rejects.toMatchObject({exit: 'usage'})
  const input = {flags: {config: 'new.json'}, env: {}, cwd, home}
  expect((await loadSettings({...input, writesConfig: true})).configFile).toBeUndefined()
  await expect(loadSettings({...input, flags: {config: ''}, writesConfig: true})).rejects.toMatchObject({
    exit: 'usage',
  })
})

it('shows no secret, and is what signing in takes', async () => {
  const env = {
    MFA_ACCESS_TOKEN: 'hush-1',
    MFA_SOURCE_PASSWORD: 'hush-2',
    MFA_CLIENT_CERTIFICATE: 'hush-3',
    MFA_CLIENT_CERTIFICATE_PASSWORD: 'hush-4',
  }
  const settings = await load({}, env)
  const signIn: SignInSettings = settings
  expect(inspect(signIn, {depth: 9}) + JSON.stringify(signIn)).not.toContain('hush')
})

it('picks the settings out of a command’s flags', () => {
  const flags = {
    tenant: 'contoso.com',
    json: true,
    'seed-file': ['a'],
    'errors-max': 3,
    'promote-backup': false,
    phones: 7,
  }
  const picked = Object.entries(pickFlags(flags)).filter(([, value]) => value !== undefined)
  expect(Object.fromEntries(picked)).toEqual({
    tenant: 'contoso.com',
    'seed-file': ['a'],
    'errors-max': 3,
    'promote-backup': false,
  })
})
