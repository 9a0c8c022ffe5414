import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {inspect} from 'node:util'
import {getCountries} from 'libphonenumber-js'
import {afterEach, beforeEach, describe, expect, it, test} from 'vitest'
import {loadSettings} from '../../src/lib/config/load-settings.js'
import {country} from '../../src/lib/config/parse-values.js'
import type {SettingsFlags} from '../../src/lib/config/settings-flags.js'
import {userFolders} from '../../src/lib/config/user-folders.js'
import {MfaError} from '../../src/lib/errors/mfa-error.js'

let cwd: string
let file: string
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mfa-config-'))
  file = join(cwd, 'mfa.config.json')
})
afterEach(() => rm(cwd, {recursive: true}))

async function refusal(flags: SettingsFlags, env: NodeJS.ProcessEnv = {}): Promise<MfaError> {
  const error: unknown = await loadSettings({flags, env, cwd, home: cwd, platform: 'linux'}).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof MfaError)) throw new Error(`not refused: ${inspect(error)}`)
  expect(error.exit).toBe('usage')
  expect(error.fix).toBeTruthy()
  expect(inspect(error, {depth: 9}) + error.fix).not.toContain('hush')
  return error
}

describe('a wrong flag', () => {
  it.each<[SettingsFlags, string]>([
    [{tenant: 'not a tenant'}, '--tenant: "not a tenant" is neither a tenant id nor a domain'],
    [{tenant: 'common'}, '--tenant: "common" names no tenant'],
    [{cloud: 'mars'}, '--cloud: "mars" is not a cloud'],
    [{'ad-url': ['http://dc1']}, '--ad-url: "http://dc1" is not the address of a domain controller'],
    [{'ad-url': ['dc1:636']}, '--ad-url: "dc1:636" is not the address of a domain controller'],
    [{'ad-url': ['https://a:hush@dc1/']}, '"https://…@dc1" is not the address of a domain controller'],
    [{'ad-url': ['a:hush@dc1:636']}, '--ad-url: "…@dc1:636" is not the address of a domain controller'],
    [{'ad-url': ['ldaps://dc1:hush']}, '--ad-url: "ldaps://dc1…" is not the address of a domain controller'],
    [{'ad-url': ['ldaps://a:hush@dc1']}, '--ad-url: "ldaps://…@dc1" has a user name or password in it'],
    [{'ad-url': ['ldaps://a:h@hush@[::1]:636']}, '--ad-url: "ldaps://…@[::1]:636" has a user name'],
    [{'ad-url': ['ldaps://dc1/DC=contoso']}, '--ad-url: "ldaps://dc1…" has more than host and port in it'],
    [
      {'ad-url': ['ldap://dc1:636']},
      '--ad-url: "ldap://dc1:636" uses ldap:// with port 636, which speaks TLS from the start',
    ],
    [{'ad-attribute': 'mail)(cn=*'}, '--ad-attribute: "mail)(cn=*" is not the name of an attribute'],
    [
      {source: 'http://mfa.example.com/PfWsSdk.asmx'},
      '--source: would send secrets over plain http to mfa.example.com',
    ],
    [{source: 'https://user:hush@mfa.example.com/'}, '--source: has a user name or password in it'],
    [{source: 'ftp://mfa.example.com/hush'}, '--source: is not an http address'],
    [{source: ''}, '--source: is empty'],
    [{'seed-file': ['a', '']}, '--seed-file: is empty'],
    [
      {state: 'postgres://user:hush@db.example.com/mfa'},
      '--state: has a password in the address, where others can read it',
    ],
    [{state: 'sqlite:'}, '--state: names no file after sqlite:'],
    [{state: 'mysql://hush'}, '--state: is an address of a kind that is not known'],
    [{'default-method': 'sometimes'}, '--default-method: "sometimes" is not known here'],
    [{'default-country': 'USA'}, '--default-country: "USA" is not a country code'],
    [{'default-country': 'uk'}, '--default-country: UK is not the code of a country'],
    [{'default-country': 'QX'}, '--default-country: "QX" is not the code of a country'],
    [{'default-country': 'ZZ'}, '--default-country: "ZZ" is not the code of a country'],
    [{'default-domain': 'a b'}, '--default-domain: "a b" is no domain name'],
    [{netbios: ['CONTOSO']}, '--netbios: "CONTOSO" does not pair a NetBIOS name with a domain'],
    [{netbios: ['A=a.example.com', 'a=b.example.com']}, '--netbios: A is given two domains'],
    [{'max-changes': '110%'}, '--max-changes: "110%" is neither a number nor a percentage'],
    [{'errors-max': 0}, '--errors-max: 0 is not a whole number from 1 up'],
    [{config: 'none.json'}, '--config: there is no file '],
    [{config: ''}, '--config: is empty'],
  ])('%j', async (flags, message) => {
    expect((await refusal(flags)).message).toContain(message)
  })
})

test('--default-country takes the countries that have phone numbers, and no others', () => {
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
  const codes = letters.flatMap((first) => letters.map((second) => first + second))
  expect(codes.filter((code) => 'value' in country(code))).toEqual([...getCountries()].toSorted())
})

describe('a wrong variable', () => {
  it.each<[NodeJS.ProcessEnv, string]>([
    [{MFA_TENANT_ID: 'a/b'}, 'MFA_TENANT_ID: "a/b" is neither'],
    [{AZURE_TENANT_ID: 'a/b'}, 'AZURE_TENANT_ID: "a/b" is neither'],
    [{MFA_CLOUD: 'public'}, 'MFA_CLOUD: "public" is not a cloud'],
    [{MFA_CLIENT_ID: 'my app'}, 'MFA_CLIENT_ID: "my app" is not an application (client) id'],
    [{MFA_MANAGED_IDENTITY: 'maybe'}, 'MFA_MANAGED_IDENTITY: "maybe" is neither yes nor no'],
    [{MFA_ACCESS_TOKEN: 'hush hush'}, 'MFA_ACCESS_TOKEN: is not a token'],
    [{MFA_ACCESS_TOKEN: 'hush\nhush'}, 'MFA_ACCESS_TOKEN: is not a token'],
    [{MFA_GRAPH_URL: 'graph.example.com'}, 'MFA_GRAPH_URL: is not an http address'],
    [
      {MFA_GRAPH_URL: 'http://graph.example.com'},
      'MFA_GRAPH_URL: would send secrets over plain http to graph.example.com',
    ],
    [{MFA_GRAPH_URL: 'http://127.0.0.1.example.com'}, 'over plain http to 127.0.0.1.example.com'],
    [
      {MFA_GRAPH_URL: 'http://localhost@graph.example.com'},
      'MFA_GRAPH_URL: has a user name or password in it',
    ],
    [
      {MFA_GRAPH_URL: 'https://user:hush@graph.example.com'},
      'MFA_GRAPH_URL: has a user name or password in it',
    ],
    [{MFA_GRAPH_URL: 'https://graph.example.com/v1.0/'}, 'MFA_GRAPH_URL: ends with the API version'],
    [{MFA_GRAPH_URL: 'https://graph.example.com/?x=hush'}, 'MFA_GRAPH_URL: has a query or fragment'],
    [
      {MFA_AUTHORITY_URL: 'http://10.0.0.1'},
      'MFA_AUTHORITY_URL: would send secrets over plain http to 10.0.0.1',
    ],
    [{MFA_AUTHORITY_URL: 'file:///hush'}, 'MFA_AUTHORITY_URL: is not an http address'],
    [
      {MFA_CLIENT_CERTIFICATE: 'hush', MFA_CLIENT_CERTIFICATE_PATH: 'x.pem'},
      'MFA_CLIENT_CERTIFICATE and MFA_CLIENT_CERTIFICATE_PATH are both set',
    ],
  ])('%j', async (env, message) => {
    expect((await refusal({}, env)).message).toContain(message)
  })

  it.each([
    'http://127.0.0.1:8080',
    'http://127.8.9.1/x',
    'http://[::1]/',
    'http://LOCALHOST:1',
    'https://x.example.com',
  ])('but %s is right', async (url) => {
    const settings = await loadSettings({flags: {}, env: {MFA_GRAPH_URL: url}, cwd, home: cwd})
    expect(settings.graphUrl?.value).toBe(new URL(url).href.replace(/\/$/, ''))
  })
})

describe('a wrong config file', () => {
  it.each([
    ['{"tenant": "contoso.com",\n "cluod": "global"}', 'line 2: cluod: is not a setting'],
    ['{\n\n"tenantId": "contoso.com"}', 'line 3: tenantId: is not a setting (did you mean tenant?)'],
    ['{"MFA_CLIENT_ID": "x"}', 'line 1: MFA_CLIENT_ID: is not a setting (did you mean clientId?)'],
    ['{"tenant": 7}', 'line 1: tenant: invalid input: expected string'],
    ['{"cloud":\n"mars"}', 'line 1: cloud: invalid option'],
    ['{"seedFiles": [\n"a",\n3]}', 'line 1: seedFiles.1: invalid input: expected string'],
    ['{"tenant": "a.example.com",\n"tenant": "b.example.com"}', 'line 2: tenant: is there twice'],
    ['{"tenant": "contoso.com"\n"cloud": "global"}', 'line 2, column 1: is not valid JSON'],
    ['{"tenant": "a",\n"graphUrl": hush,\n"cloud": "global"}', 'line 2, column 13: is not valid JSON'],
    ['{"tenant": "hush', 'line 1, column 12: is not valid JSON'],
    ['["hush"]', 'line 1: is not a JSON object'],
    ['', 'line 1, column 1: is not valid JSON'],
    ['{\n"tenant": "a b"}', 'mfa.config.json: tenant: "a b" is neither a tenant id nor a domain'],
    [
      '{"graphUrl": "http://graph.example.com"}',
      'mfa.config.json: graphUrl: would send secrets over plain http',
    ],
    ['{"errorsMax": 1.5}', 'errorsMax: invalid input'],
  ])('%s', async (text, message) => {
    await writeFile(file, text)
    const error = await refusal({})
    expect(error.message).toContain(message)
    expect(error.message).toContain('mfa.config.json')
    expect(error.message).not.toContain('hush')
  })

  it.each([
    ['clientCertificatePassword', 'MFA_CLIENT_CERTIFICATE_PASSWORD'],
    ['accessToken', 'MFA_ACCESS_TOKEN'],
    ['clientCertificate', 'MFA_CLIENT_CERTIFICATE'],
    ['privateKey', 'MFA_CLIENT_CERTIFICATE'],
    ['sourcePassword', 'MFA_SOURCE_PASSWORD'],
    ['adPassword', 'MFA_AD_PASSWORD'],
    ['clientSecret', 'environment variables'],
    ['myPassphrase', 'environment variables'],
  ])('with the secret %s names %s', async (key, instead) => {
    await writeFile(file, JSON.stringify({tenant: 'contoso.com', [key]: 'hush'}, undefined, 1))
    const error = await refusal({})
    expect(error.message).toContain(`line 3: ${key}: `)
    expect(error.message).toContain('secret')
    expect(error.fix).toContain(instead)
  })

  it('with a key or a token as the value of anything', async () => {
    await writeFile(
      file,
      JSON.stringify({source: '-----BEGIN PRIVATE KEY-----hush', seedFiles: ['eyJhdXNo.eyJoush.hush']}),
    )
    const {message} = await refusal({})
    expect(message).toContain('source: holds a private key or a token')
    expect(message).toContain('seedFiles: holds a private key or a token')
  })

  it('may begin with a byte order mark', async () => {
    await writeFile(file, '\uFEFF{"tenant": "contoso.com"}')
    expect((await loadSettings({flags: {}, env: {}, cwd, home: cwd})).tenant?.value).toBe('contoso.com')
  })
})

it('reports the faults of all places together', async () => {
  await writeFile(file, '{"colour": "red",\n"phones": "all", "tenant": "contoso.com"}')
  const error = await refusal(
    {cloud: 'mars', 'default-country': 'XX1'},
    {MFA_CLIENT_ID: 'x', MFA_GRAPH_URL: 'y'},
  )
  expect(error.message.split('\n')).toEqual([
    '6 settings cannot be used:',
    expect.stringContaining('colour: is not a setting'),
    expect.stringContaining('phones: invalid option'),
    '  --cloud: "mars" is not a cloud',
    '  MFA_CLIENT_ID: "x" is not an application (client) id',
    '  MFA_GRAPH_URL: is not an http address',
    '  --default-country: "XX1" is not a country code',
  ])
})

it.each<[NodeJS.Platform, NodeJS.ProcessEnv, string, string, string]>([
  ['linux', {}, '/home/a', '/home/a/.config/mfa', '/home/a/.local/state/mfa'],
  ['darwin', {XDG_STATE_HOME: 'relative'}, '/Users/a', '/Users/a/.config/mfa', '/Users/a/.local/state/mfa'],
  ['linux', {XDG_STATE_HOME: '/s', XDG_CONFIG_HOME: '/c'}, '/home/a', '/c/mfa', '/s/mfa'],
  ['win32', {APPDATA: 'C:\\R', LOCALAPPDATA: 'C:\\L'}, 'C:\\Users\\a', 'C:\\R\\mfa', 'C:\\L\\mfa'],
  [
    'win32',
    {APPDATA: 'R'},
    'C:\\Users\\a',
    'C:\\Users\\a\\AppData\\Roaming\\mfa',
    'C:\\Users\\a\\AppData\\Local\\mfa',
  ],
])('knows where a user’s files belong: %s %j', (platform, env, home, config, state) => {
  expect(userFolders(platform, env, home)).toEqual({config, state})
})
