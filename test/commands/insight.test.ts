import {stat} from 'node:fs/promises'
import {join} from 'node:path'

import {generateX25519Identity, identityToRecipient, Decrypter, armor} from 'age-encryption'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'

import {startSandbox, type SandboxOptions} from '../../src/lib/sandbox/server.js'
import type {TenantFile} from '../../src/lib/sandbox/tenant-file.js'
import {newPlace, type MfaResult, type Place} from '../helpers/mfa.js'

/** Milliseconds for many commands one after the other. */
const LONG = 120_000
const id = (kind: string, number: number): string =>
  `${kind.repeat(8)}-0000-4000-8000-${String(number).padStart(12, '0')}`
const NAMES = ['ann', 'bob', 'cyd', 'dot']
/** Invented. Ann has nothing, Bob a phone, Cyd an app that the policy forbids, Dot an app. */
const TENANT: TenantFile = {
  tenantId: id('a', 1),
  displayName: 'Contoso (invented)',
  domains: ['contoso.com'],
  users: [
    {id: id('1', 1), userPrincipalName: 'ann@contoso.com', displayName: 'Ann'},
    {
      id: id('1', 2),
      userPrincipalName: 'bob@contoso.com',
      displayName: 'Bob',
      phoneMethods: [{phoneType: 'mobile', phoneNumber: '+1 4255550102'}],
    },
    {
      id: id('1', 3),
      userPrincipalName: 'cyd@contoso.com',
      displayName: 'Cyd',
      microsoftAuthenticatorMethods: [{displayName: "Cyd's phone"}],
    },
    {
      id: id('1', 4),
      userPrincipalName: 'dot@contoso.com',
      displayName: 'Dot',
      microsoftAuthenticatorMethods: [{displayName: "Dot's phone"}],
    },
  ],
  groups: [
    {id: id('2', 1), displayName: 'MFA pilot', members: NAMES.map((name) => `${name}@contoso.com`)},
    {id: id('2', 2), displayName: 'No app', members: ['cyd@contoso.com']},
  ],
  authenticationMethodsPolicy: {
    authenticationMethodConfigurations: [
      {
        id: 'MicrosoftAuthenticator',
        state: 'enabled',
        includeTargets: [{targetType: 'group', id: 'all_users'}],
        excludeTargets: [{targetType: 'group', id: id('2', 2)}],
      },
    ],
  },
}
const SERVER = 'Username,Mode,CountryCode,Phone\nann@contoso.com,smsText,1,4255550101\n'

describe('mfa audit and mfa readiness', () => {
  let place: Place
  const sandboxed = (...args: string[]) => place.mfa([...args, '--tenant', 'sandbox'])
  const asJson = (...args: string[]) => sandboxed(...args, '--json')
  beforeEach(async () => {
    place = await newPlace()
    await place.file('tenant.json', JSON.stringify(TENANT))
    await place.file('export/users.csv', SERVER)
    expect((await place.mfa(['sandbox', 'reset', '--tenant-file', 'tenant.json', '--yes'])).code).toBe(0)
  })
  afterEach(() => place.remove())

  it('says who can sign in, who cannot, and what to do', {timeout: LONG}, async () => {
    const asked = await sandboxed('readiness', '--group', 'MFA pilot', '--csv', 'r.csv', '--report', 'r.html')
    expect(asked.code).toBe(2)
    expect(asked.stdout.trim().split('\n').at(-1)).toBe(
      '2 of 4 users of "MFA pilot" would be locked out; 1 depends on SMS or voice, which end on 2027-02-01',
    )
    expect(asked.stdout).toContain(
      'To enable in the authentication methods policy: Microsoft Authenticator (1',
    )
    expect(asked.stdout.replaceAll('\n', ' ')).toContain(
      '- Microsoft Authenticator (in Graph microsoftAuthenticator): for 1 user: cyd@contoso.com',
    )
    const lines = (await place.read('r.csv')).trim().split('\r\n')
    expect(
      lines.map((line) =>
        line
          .split(',')
          .slice(0, 4)
          .filter((_, n) => n !== 1)
          .join(' '),
      ),
    ).toEqual([
      'userPrincipalName state reason',
      'ann@contoso.com locked-out no-method',
      'cyd@contoso.com locked-out policy',
      'bob@contoso.com sms-or-voice ',
      'dot@contoso.com ready ',
    ])
    expect(await place.read('r.html')).toContain('<svg')
    const later = (await asJson('readiness', '--all-users', '--on', '2027-02-01')).json() as {
      summary: {counts: object; steps: object}
    }
    expect(later.summary.counts).toMatchObject({'locked-out': 3, ready: 1})
    expect(later.summary.steps).toMatchObject({'issue-tap': 2})
    const elsewhere = await asJson('readiness', '--all-users', '--on', '2027-02-01', '--cloud', 'china')
    expect(elsewhere.json()).toMatchObject({smsVoiceEnd: null, summary: {counts: {'sms-or-voice': 1}}})
  })

  it('issues a pass that only the key opens, and leaves no trace of it', {timeout: LONG}, async () => {
    const identity = await generateX25519Identity()
    const recipient = await identityToRecipient(identity)
    const issue = (...more: string[]): Promise<MfaResult> =>
      asJson(
        'readiness',
        'issue-tap',
        '--user',
        'ann@contoso.com',
        '--recipient',
        recipient,
        '--yes',
        ...more,
      )
    const issued = await issue('--out', 'passes.age', '--lifetime', '90m', '--once', '--verbose')
    expect([issued.code, issued.json()['issued']]).toMatchObject([
      0,
      [{userPrincipalName: 'ann@contoso.com', isUsableOnce: true}],
    ])
    const decrypter = new Decrypter()
    decrypter.addIdentity(identity)
    const [head, row = ''] = (
      await decrypter.decrypt(armor.decode(await place.read('passes.age')), 'text')
    ).split('\r\n')
    expect(head).toBe('userPrincipalName,temporaryAccessPass,startsAt,expiresAt,isUsableOnce')
    const [, pass = '', from = '', until = ''] = row.split(',')
    expect(pass.length).toBeGreaterThanOrEqual(8)
    expect(Date.parse(until) - Date.parse(from)).toBe(90 * 60_000)
    // Neither in what was printed nor in any file: state, logs, the sandbox.
    expect(issued.stdout + issued.stderr).not.toContain(pass)
    for (const {path, text} of await place.everything())
      expect([path, text.includes(pass)]).toEqual([path, false])
    const {mode} = await stat(join(place.work, 'passes.age'))
    expect(process.platform === 'win32' ? 0o600 : mode & 0o777).toBe(0o600)
    expect((await issue('--out', 'passes.age')).code).toBe(64)
    expect((await issue('--out', 'more.age')).code).toBe(8)
    expect((await issue('--out', 'more.age', '--replace')).code).toBe(0)
    const run = (await place.mfa(['runs', 'show', 'last', '--json'])).json() as {
      actions: {intent: {kind: string}}[]
    }
    expect(run.actions.map(({intent}) => intent.kind)).toEqual(['remove-tap', 'issue-tap'])
  })

  it('switches the campaign on, once, and back', {timeout: LONG}, async () => {
    const campaign = (...more: string[]) =>
      asJson('readiness', 'campaign', '--group', 'MFA pilot', '--yes', ...more)
    expect((await campaign('--dry-run')).json()).toMatchObject({writes: 0, dryRun: true})
    expect((await campaign()).json()).toMatchObject({writes: 1, visible: true, before: {state: 'default'}})
    expect((await campaign()).json()).toMatchObject({writes: 0})
    expect((await asJson('readiness', '--group', 'MFA pilot')).json()).toMatchObject({
      summary: {isCampaignOn: true},
    })
    expect((await campaign('--off')).json()).toMatchObject({
      writes: 1,
      isUndo: true,
      after: {state: 'default'},
    })
    const asked = await sandboxed('readiness', 'campaign', '--group', 'MFA pilot')
    expect([asked.code, asked.stderr]).toEqual([64, expect.stringContaining('--yes')])
  })

  it('reads what a migration left in the log, and finds nothing else', {timeout: LONG}, async () => {
    const args = ['migrate', '--group', 'MFA pilot', '--source', 'export', '--yes']
    expect((await sandboxed(...args)).code).toBe(0)
    const listed = (await asJson('audit', 'list', '--user', 'ann@contoso.com')).json() as {
      entries: {what: string[]; actor: {name: string}}[]
    }
    const said = listed.entries.flatMap(({what}) => what)
    expect(said).toContain('mobile phone: none → +1 ••••••••01')
    expect(said.join()).toContain('default: none → SMS')
    expect((await asJson('audit', 'list', '--show-numbers')).stdout).toContain('none → +1 4255550101')
    expect((await asJson('audit', 'list')).stdout).not.toContain('4255550101')
    expect((await asJson('audit', 'list', '--actor', 'incumbent')).json()['entries']).toEqual([])
    const summary = await sandboxed('audit', 'summary', '--csv', 'days.csv', '--report', 'days.html')
    expect([summary.code, summary.stdout]).toEqual([0, expect.stringMatching(/^1 user migrated since /m)])
    expect(await place.read('days.html')).toContain('<svg')
    const reconciled = await asJson('audit', 'reconcile', 'last')
    expect([reconciled.code, reconciled.json()]).toMatchObject([
      0,
      {users: 1, counts: {missing: 0, foreign: 0}, differences: []},
    ])
    const {changes, found} = reconciled.json() as {changes: number; found: number}
    expect(changes).toBeGreaterThan(1)
    expect(found).toBe(changes)
  })

  it('tells a run whose entries are still on their way, and changes of others', {timeout: LONG}, async () => {
    const serve = async (
      options: Partial<SandboxOptions>,
      work: (env: Record<string, string>) => Promise<void>,
    ) => {
      const sandbox = await startSandbox({
        stateFile: join(place.folder, 'tenant.db'),
        tenant: TENANT,
        ...options,
      })
      const env = {
        MFA_GRAPH_URL: sandbox.rootUrl,
        MFA_TENANT_ID: TENANT.tenantId,
        MFA_ACCESS_TOKEN: sandbox.issueToken(),
      }
      try {
        await work(env)
      } finally {
        await sandbox.stop()
      }
    }
    await serve({faults: {auditDelay: 3_600_000}}, async (env) => {
      const args = ['migrate', '--group', 'MFA pilot', '--source', 'export', '--yes']
      expect((await place.mfa(args, {env})).code).toBe(0)
      const late = await place.mfa(['audit', 'reconcile', 'last', '--json'], {env})
      expect([late.code, late.json()]).toMatchObject([2, {found: 0, reaches: null, counts: {missing: 0}}])
    })
    await serve({}, async (env) => {
      expect((await place.mfa(['audit', 'reconcile', 'last'], {env})).code).toBe(0)
      const counted = await place.mfa(['audit', 'summary', '--actor', 'app', '--json'], {env})
      expect(counted.json()).toMatchObject({total: {migrated: 1, byActor: {app: 1, other: 0}}})
      const changed = await fetch(
        `${env['MFA_GRAPH_URL']}/v1.0/users/${id('1', 1)}/authentication/phoneMethods`,
        {
          method: 'POST',
          headers: {Authorization: `Bearer ${env['MFA_ACCESS_TOKEN']}`, 'Content-Type': 'application/json'},
          body: JSON.stringify({phoneType: 'office', phoneNumber: '+1 4255550199'}),
        },
      )
      expect(changed.status).toBe(201)
      const differing = await place.mfa(['audit', 'reconcile', 'last', '--beyond', '1h', '--json'], {env})
      expect([differing.code, differing.json()]).toMatchObject([2, {counts: {foreign: 1, missing: 0}}])
      expect(differing.stdout).not.toContain('4255550199')
    })
  })

  it('names what is wrong with its input, and what is missing', {timeout: LONG}, async () => {
    const wrong: readonly (readonly [string[], number, string])[] = [
      [['readiness'], 64, '--group'],
      [['readiness', '--group', 'x', '--all-users'], 64, 'exclude each other'],
      [['readiness', '--all-users', '--on', 'soon'], 64, '--on'],
      [['audit', 'list', '--since', 'yesterday'], 64, '--since'],
      [['audit', 'list', '--since', '7d', '--until', '2001-01-01'], 64, '--until'],
      [['audit', 'list', '--until', 'soon'], 64, '--until: "soon" is neither a length of time nor a date'],
      [['audit', 'list', '--until', '8d'], 64, '--until is not later than --since'],
      [['audit', 'list', '--until', '2d'], 0, ''],
      [['audit', 'list', '--user', 'zoe@contoso.com'], 64, 'zoe@contoso.com'],
      [['audit', 'list', '--user', '11111111-2222-4333-8444-555555555555'], 0, 'the log may still tell'],
      [['audit', 'reconcile', 'last'], 64, 'no run'],
    ]
    for (const [args, code, text] of wrong) {
      const ended = await sandboxed(...args)
      expect([args.join(' '), ended.code, ended.stderr]).toEqual([
        args.join(' '),
        code,
        expect.stringContaining(text),
      ])
    }
    const sandbox = await startSandbox({stateFile: ':memory:', tenant: TENANT})
    try {
      const env = {MFA_GRAPH_URL: sandbox.rootUrl, MFA_TENANT_ID: TENANT.tenantId}
      const weak = {...env, MFA_ACCESS_TOKEN: sandbox.issueToken(['User.Read.All'])}
      const refused = await place.mfa(['audit', 'list'], {env: weak})
      expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining('AuditLog.Read.All')])
      const nobody = await place.mfa(['audit', 'query', '--actor', 'app'], {
        env: {...env, MFA_ACCESS_TOKEN: 'opaque'},
      })
      expect([nobody.code, nobody.stderr]).toEqual([64, expect.stringContaining('MFA_CLIENT_ID')])
    } finally {
      await sandbox.stop()
    }
  })
})
