import {chmod, mkdir} from 'node:fs/promises'
import {join} from 'node:path'

import {startPfServer} from '../fakes/pf-server.js'
import {makeCertificate} from '../helpers/certificates.js'
import {CONTOSO, type Environment, type Place} from '../helpers/mfa.js'
import {startTenant} from '../helpers/tenant.js'
import {servePort, startOther, startTlsServer, jwt} from './bad-servers.js'

export interface Given {
  readonly args?: readonly string[]
  readonly env?: Environment
  readonly stop?: () => Promise<void> | void
}

type Files = Readonly<Record<string, string | Uint8Array>>

export interface Case {
  readonly name: string
  /** Files of the bundle `bundle` in the working folder; a good `users.csv` unless given. */
  readonly bundle?: Files
  /** In place of `migrate --group "MFA early birds" --source bundle --dry-run`. */
  readonly args?: readonly string[]
  /** After the usual arguments. */
  readonly more?: readonly string[]
  readonly env?: Environment
  readonly given?: (place: Place) => Promise<Given>
  readonly code: number
  /** What the output has to say: what is wrong, where, and what to do. */
  readonly says: readonly RegExp[]
  /** May not run here. */
  readonly skip?: boolean
}

export const GOOD_USERS = 'Username,Mode,CountryCode,Phone\nbo.daybreak@contoso.com,voiceCall,1,4255550102\n'
export const GROUP = ['--group', 'MFA early birds']
const bundle = (users: string | Uint8Array, others: Files = {}): Files => ({
  'users.csv': users,
  ...others,
})
const users = (...rows: string[]): string => `${rows.join('\n')}\n`
const migrate = (...args: string[]): readonly string[] => ['migrate', ...args]
const CHECK = ['source', 'check', '--source', 'bundle']
const root = process.getuid?.() === 0

const bundles: readonly Case[] = [
  {
    name: 'a bundle folder that is not there',
    args: migrate(...GROUP, '--source', 'nowhere', '--dry-run'),
    code: 65,
    says: [/nowhere/, /does not exist|no such/],
  },
  {
    name: 'a file in place of the bundle folder',
    given: async (place) => ({
      args: migrate(...GROUP, '--source', await place.file('users.csv', GOOD_USERS), '--dry-run'),
    }),
    code: 65,
    says: [/users\.csv/, /folder/],
  },
  {name: 'no users.csv', bundle: {'other.csv': 'x\n'}, code: 65, says: [/users\.csv/, /bundle/]},
  {name: 'an empty users.csv', bundle: bundle(''), code: 65, says: [/users\.csv/, /empty|header/]},
  {
    name: 'no header row',
    bundle: bundle('bo.daybreak@contoso.com,voiceCall,1,4255550102\n'),
    code: 65,
    says: [/users\.csv, line 1/, /no column Username/, /no column Mode/],
  },
  {
    name: 'no Username column',
    bundle: bundle(users('User,Mode', 'a,voiceCall')),
    code: 65,
    says: [/users\.csv, line 1/, /Username/],
  },
  {
    name: 'no Mode column',
    bundle: bundle(users('Username,Phone', 'a,1')),
    code: 65,
    says: [/users\.csv, line 1/, /Mode/],
  },
  {
    name: 'a column twice',
    bundle: bundle(users('Username,Mode,Phone,Phone', 'a,voiceCall,1,2')),
    code: 65,
    says: [/users\.csv, line 1/, /Phone/, /both called/],
  },
  {
    name: 'not UTF-8',
    bundle: bundle(Buffer.from('Username,Mode\nJ\xf6rg,voiceCall\n', 'latin1')),
    code: 65,
    says: [/users\.csv/, /line 2/, /UTF-8/],
  },
  {
    name: 'UTF-16',
    bundle: bundle(Buffer.from('\ufeffUsername,Mode\na,voiceCall\n', 'utf16le')),
    code: 65,
    says: [/users\.csv/, /UTF-8/],
  },
  {
    name: 'a quote that does not end',
    bundle: bundle(users('Username,Mode', '"a,voiceCall', 'b,voiceCall')),
    code: 65,
    says: [/users\.csv, line 2/, /quot/],
  },
  {
    name: 'faults of two files at once',
    bundle: bundle(users('User,Mode', 'a,b'), {'devices.csv': 'DeviceName\nPhone\n'}),
    code: 65,
    says: [/users\.csv, line 1/, /devices\.csv, line 1/, /Username/],
  },
]

/** One bad row never stops the others: exit 0 for `source check`, and the row is named. */
const rows: readonly Case[] = [
  {
    name: 'a row with too few cells',
    args: CHECK,
    bundle: bundle(users('Username,Mode,Phone', 'a', 'b,voiceCall,1')),
    code: 0,
    says: [/users\.csv, line 2/, /columns|cells|values/],
  },
  {
    name: 'a row with too many cells',
    args: CHECK,
    bundle: bundle(users('Username,Mode,Phone', 'a,voiceCall,1,2,3')),
    code: 0,
    says: [/users\.csv, line 2/, /columns|cells|values/],
  },
  {
    name: 'a row without Username',
    args: CHECK,
    bundle: bundle(users('Username,Mode', ',voiceCall', 'b,voiceCall')),
    code: 0,
    says: [/users\.csv, line 2, field Username/],
  },
  {
    name: 'a Mode that there is not',
    bundle: bundle(users('Username,Mode', 'bo.daybreak@contoso.com,fax')),
    args: migrate(...GROUP, '--source', 'bundle', '--yes'),
    code: 3,
    says: [/users\.csv, line 2, field Mode/, /fax/, /voiceCall/],
  },
  {
    name: 'Enabled that is neither true nor false',
    args: CHECK,
    bundle: bundle(users('Username,Mode,Enabled', 'a,voiceCall,maybe')),
    code: 0,
    says: [/users\.csv, line 2, field Enabled/, /true/],
  },
  {
    name: 'a date that is none',
    args: CHECK,
    bundle: bundle(users('Username,Mode,LastModified', 'a,voiceCall,01/02/2024')),
    code: 0,
    says: [/users\.csv, line 2, field LastModified/, /ISO 8601/],
  },
  {
    name: 'a secret that is not Base32',
    bundle: bundle(users('Username,Mode', 'bo.daybreak@contoso.com,oathToken'), {
      'oath-tokens.csv': users('Username,SerialNumber,SecretKey', 'bo.daybreak@contoso.com,T-1,not!base32'),
    }),
    code: 0,
    says: [/T-1/, /Base32/],
  },
  {
    name: 'a time step that is neither 30 nor 60',
    args: CHECK,
    bundle: bundle(GOOD_USERS, {
      'oath-tokens.csv': users('Username,SerialNumber,TimeInterval', 'bo.daybreak@contoso.com,T-1,45'),
    }),
    code: 0,
    says: [/oath-tokens\.csv, line 2, field TimeInterval/, /30/, /60/],
  },
  {
    name: 'a Username twice',
    args: CHECK,
    bundle: bundle(users('Username,Mode', 'a,voiceCall', 'a,smsText')),
    code: 0,
    says: [/users\.csv, line 3, field Username/, /line 2/],
  },
  {
    name: 'a column that nobody knows',
    args: CHECK,
    bundle: bundle(users('Username,Mode,ShoeSize', 'a,voiceCall,43')),
    code: 0,
    says: [/users\.csv, line 1/, /ShoeSize/, /ignored/],
  },
  {
    name: 'a device of nobody',
    args: CHECK,
    bundle: bundle(GOOD_USERS, {'devices.csv': users('Username,DeviceName', 'ghost,Phone')}),
    code: 0,
    says: [/devices\.csv, line 2, field Username/, /ghost/],
  },
]

const seedsAndMapping: readonly Case[] = [
  {
    name: 'a seed file that is not there',
    more: ['--seed-file', 'nowhere.csv'],
    code: 65,
    says: [/nowhere\.csv/, /no such file|does not exist|cannot be read/],
  },
  {
    name: 'a seed file with another header',
    given: async (place) => ({
      args: [...CHECK, '--seed-file', await place.file('seeds.csv', 'serial,seed\nT-1,ABCD2345\n')],
    }),
    code: 65,
    says: [/seeds\.csv, line 1/, /serial number/, /secret key/],
  },
  {
    name: 'two seed files that disagree',
    args: [...CHECK, '--seed-file', `${CONTOSO}/seeds.csv`, '--seed-file', `${CONTOSO}/vendor-seeds.csv`],
    code: 0,
    says: [/vendor-seeds\.csv, line 3/, /CT-1024/, /another secret/],
  },
  {
    name: 'a mapping file that is not there',
    more: ['--mapping', 'nowhere.csv'],
    code: 65,
    says: [/nowhere\.csv/],
  },
  {
    name: 'a mapping file without its columns',
    given: async (place) => ({
      args: migrate(
        ...GROUP,
        '--source',
        'bundle',
        '--dry-run',
        '--mapping',
        await place.file('map.csv', 'a,b\n1,2\n'),
      ),
    }),
    code: 65,
    says: [/map\.csv, line 1/, /UserPrincipalName/, /Username/],
  },
  {
    name: 'a mapping line for somebody who is not on the server',
    given: async (place) => ({
      args: migrate(
        ...GROUP,
        '--source',
        'bundle',
        '--dry-run',
        '--mapping',
        await place.file('map.csv', 'UserPrincipalName,Username\nelif.matin@contoso.com,ghost\n'),
      ),
    }),
    code: 0,
    says: [/line 2/, /ghost/],
  },
]

const flags: readonly Case[] = [
  {name: 'no group', args: migrate('--source', 'bundle'), code: 64, says: [/--group/]},
  {name: 'no source', args: migrate(...GROUP), code: 64, says: [/--source/, /MFA_SOURCE/]},
  {name: 'no source for verify', args: ['verify', ...GROUP], code: 64, says: [/--source/, /MFA_SOURCE/]},
  {
    name: 'a group that there is not',
    args: migrate('--group', 'No such group', '--source', 'bundle', '--dry-run'),
    code: 64,
    says: [/No such group/],
  },
  {
    name: 'a group name that two groups have',
    args: migrate('--group', 'Duplicate name', '--source', 'bundle', '--dry-run'),
    code: 64,
    says: [/Duplicate name/, /[0-9a-f]{8}-[\s\S]+[0-9a-f]{8}-/, /id/],
  },
  {
    name: 'an empty group',
    args: migrate('--group', 'Nobody yet', '--source', 'bundle', '--yes'),
    code: 0,
    says: [/no users in "Nobody yet"|no users in \\"Nobody yet\\"/],
  },
  {
    name: 'a user who is not in the group',
    more: ['--user', 'ghost@contoso.com'],
    code: 64,
    says: [/ghost@contoso\.com/, /--user/, /group/],
  },
  {
    name: 'a --max-changes that is no number',
    more: ['--max-changes', 'many'],
    code: 64,
    says: [/--max-changes/, /many/, /10%/],
  },
  {name: 'a --errors-max of 0', more: ['--errors-max', '0'], code: 64, says: [/errors-max/, /1/]},
  {
    name: 'a --netbios without a domain',
    more: ['--netbios', 'CORP'],
    code: 64,
    says: [/--netbios/, /CORP/, /CONTOSO=contoso\.com/],
  },
  {
    name: 'a --default-country that there is not',
    more: ['--default-country', 'USA'],
    code: 64,
    says: [/--default-country/, /USA/, /ISO 3166/],
  },
  {
    name: 'a --cloud that there is not',
    more: ['--cloud', 'mars'],
    code: 64,
    says: [/--cloud/, /mars/, /usgov/],
  },
  {name: 'a --tenant that names none', more: ['--tenant', 'common'], code: 64, says: [/--tenant/, /common/]},
  {
    name: 'a --default-method that there is not',
    more: ['--default-method', 'best'],
    code: 64,
    says: [/--default-method/, /best/, /if-unset/],
  },
  {name: 'a flag that there is not', more: ['--nope'], code: 64, says: [/--nope/]},
  {
    name: 'a flag without its value',
    args: migrate('--source', 'bundle', '--group'),
    code: 64,
    says: [/--group/],
  },
  {
    name: '--plan with --out',
    args: migrate('--plan', 'p.json', '--out', 'q.json', '--source', 'bundle'),
    code: 64,
    says: [/--plan/, /--out/],
  },
  {
    name: '--detailed-exitcode without --dry-run',
    args: migrate(...GROUP, '--source', 'bundle', '--detailed-exitcode'),
    code: 64,
    says: [/--dry-run/, /^(?![^]*error occurred)/],
  },
  {name: 'an argument too many', more: ['surplus'], code: 64, says: [/surplus/]},
  {
    name: 'a command that there is not',
    args: ['migrat', '--json=false'].slice(0, 1),
    code: 64,
    says: [/migrat/, /help/],
  },
  {
    name: 'a command that there is not in a topic',
    args: ['users', 'lst'],
    code: 64,
    says: [/users lst/, /help/],
  },
  {
    name: 'a column that there is not',
    args: ['users', 'list', ...GROUP, '--columns', 'user,shoes'],
    code: 64,
    says: [/--columns/, /shoes/, /phones/],
  },
  {name: 'a run that there is not', args: ['runs', 'show', '01ZZ'], code: 64, says: [/01ZZ/, /runs list/]},
  {
    name: 'a user that there is not',
    args: ['users', 'show', 'ghost@contoso.com'],
    code: 64,
    says: [/ghost@contoso\.com/, /user principal name/],
  },
  {
    name: 'faults of the sandbox that there are not',
    args: ['sandbox', 'serve', '--faults', 'thrott=1'],
    code: 64,
    says: [/thrott=1/, /throttle/],
  },
]

const settings: readonly Case[] = [
  {
    name: 'a config file that is broken',
    given: async (place) => ({
      args: migrate(
        ...GROUP,
        '--source',
        'bundle',
        '--config',
        await place.file('c.json', '{"tenant": "contoso.com",\n oops}'),
      ),
    }),
    code: 64,
    says: [/c\.json/, /line 2/, /JSON/],
  },
  {
    name: 'a config file with a key that nobody knows',
    given: async (place) => {
      await place.file('mfa.config.json', '{\n  "tenantId": "contoso.com"\n}')
      return {}
    },
    code: 64,
    says: [/mfa\.config\.json/, /line 2/, /tenantId/, /tenant\b/],
  },
  {
    name: 'a config file with a secret',
    given: async (place) => {
      await place.file('mfa.config.json', '{"sourcePassword": "TOP-SECRET-VALUE"}')
      return {}
    },
    code: 64,
    says: [/mfa\.config\.json/, /sourcePassword/, /MFA_SOURCE_PASSWORD/],
  },
  {
    name: 'a config file that is not there',
    more: ['--config', 'nowhere.json'],
    code: 64,
    says: [/--config/, /nowhere\.json/],
  },
  {
    name: 'MFA_GRAPH_URL over plain http to a public host',
    env: {MFA_GRAPH_URL: 'http://graph.example.com'},
    code: 64,
    says: [/MFA_GRAPH_URL/, /plain http/, /https/],
  },
  {
    name: 'an SDK address over plain http to a public host',
    args: migrate(...GROUP, '--source', 'http://mfa.example.com/MultiFactorAuthWebServiceSdk/PfWsSdk.asmx'),
    code: 64,
    says: [/--source/, /plain http/, /https/],
  },
  {
    name: 'a token with a line break',
    env: {MFA_ACCESS_TOKEN: 'TOP-SECRET-VALUE\nx'},
    code: 64,
    says: [/MFA_ACCESS_TOKEN/, /line break/],
  },
  {
    name: 'PostgreSQL as state, with a password for all to see',
    more: ['--state', 'postgres://mfa:hush@db.example.com/mfa'],
    code: 64,
    says: [/--state/, /PGPASSWORD/],
  },
  {
    name: 'a CSV file in place of a folder',
    more: ['--csv', '.'],
    code: 64,
    says: [/cannot be written/, /folder/],
  },
  {
    name: 'a CSV file below a file',
    given: async (place) => ({args: ['runs', 'list', '--csv', `${await place.file('x', '')}/y.csv`]}),
    code: 64,
    says: [/y\.csv/, /cannot be written/],
  },
  {
    name: 'a plan that is not there',
    args: migrate('--plan', 'nowhere.json', '--source', 'bundle', '--yes'),
    code: 65,
    says: [/nowhere\.json/],
  },
  {
    name: 'a plan that is no JSON',
    given: async (place) => ({args: ['plan', 'show', await place.file('p.json', 'once upon a time')]}),
    code: 65,
    says: [/p\.json/, /line 1/, /JSON/],
  },
  {
    name: 'a plan of something else',
    given: async (place) => ({
      args: ['plan', 'show', await place.file('p.json', '{"schemaVersion":1,"plans":[]}')],
    }),
    code: 65,
    says: [/p\.json/, /field kind/, /plan/],
  },
]

const services: readonly Case[] = [
  {
    name: 'Graph down',
    given: async () => ({env: {MFA_GRAPH_URL: `http://127.0.0.1:${await servePort()}`}}),
    code: 6,
    says: [/127\.0\.0\.1/, /cannot be reached/, /MFA_GRAPH_URL/],
  },
  {
    name: 'Graph with a certificate that nobody trusts',
    given: async (place) => {
      const {url, stop} = await startTlsServer(await makeCertificate(place.folder, 'graph'))
      return {env: {MFA_GRAPH_URL: url}, stop}
    },
    code: 6,
    says: [/TLS/, /certificate/, /NODE_EXTRA_CA_CERTS/],
  },
  {
    name: 'something that is not Graph',
    given: async () => {
      const {url, stop} = await startOther(200, '<html>Welcome to the café</html>', 'text/html')
      return {env: {MFA_GRAPH_URL: url}, stop}
    },
    more: ['--max-wait', '1'],
    code: 6,
    says: [/MFA_GRAPH_URL|proxy/, /JSON|HTML|Graph/],
  },
  {
    name: 'a token that is refused',
    env: {MFA_ACCESS_TOKEN: 'TOP-SECRET-VALUE'},
    code: 4,
    says: [/token/i, /no longer accepted/, /MFA_ACCESS_TOKEN|sign in/i],
  },
  {
    name: 'a permission that is missing',
    given: async () => {
      const tenant = await startTenant()
      return {
        env: {
          ...tenant.env,
          MFA_ACCESS_TOKEN: tenant.sandbox.issueToken(['GroupMember.Read.All', 'User.Read.All']),
        },
        stop: tenant.stop,
      }
    },
    code: 4,
    says: [/permission/i, /UserAuthenticationMethod|Policy\.Read/],
  },
  {
    name: 'a token that has expired',
    given: async (place) => ({
      env: {MFA_ACCESS_TOKEN: jwt({exp: 1_700_000_000, tid: place.environment()['MFA_TENANT_ID']})},
    }),
    code: 4,
    says: [/MFA_ACCESS_TOKEN/, /expired/],
  },
  {
    name: 'a token of another tenant',
    env: {MFA_ACCESS_TOKEN: jwt({exp: 4_000_000_000, tid: '99999999-0000-4000-8000-000000000001'})},
    code: 4,
    says: [/99999999-0000-4000-8000-000000000001/, /tenant/],
  },
  {
    name: 'nobody signed in',
    env: {MFA_ACCESS_TOKEN: undefined, MFA_GRAPH_URL: undefined},
    code: 4,
    says: [/not signed in|no sign-in/i, /mfa auth login/, /MFA_ACCESS_TOKEN|CERTIFICATE/],
  },
  {
    name: 'a certificate that is not there',
    env: {
      MFA_ACCESS_TOKEN: undefined,
      MFA_CLIENT_ID: '11111111-0000-4000-8000-000000000001',
      MFA_CLIENT_CERTIFICATE_PATH: 'nowhere.pem',
    },
    code: 64,
    says: [/certificate/, /nowhere\.pem/, /no such file/],
  },
  {
    name: 'a certificate that has expired',
    given: async (place) => {
      const {file} = await makeCertificate(place.folder, 'old', {
        notBefore: new Date('2020-01-01'),
        notAfter: new Date('2021-01-01'),
      })
      return {
        env: {
          MFA_ACCESS_TOKEN: undefined,
          MFA_CLIENT_ID: '11111111-0000-4000-8000-000000000001',
          MFA_CLIENT_CERTIFICATE_PATH: file,
        },
      }
    },
    code: 4,
    says: [/old\.pem/, /expired/, /2021-01-01/],
  },
  {
    name: 'the Web Service SDK down',
    given: async () => ({
      args: ['source', 'check', '--source', `http://127.0.0.1:${await servePort()}/PfWsSdk.asmx`],
    }),
    code: 6,
    says: [/127\.0\.0\.1/, /reach|connect|refused/],
  },
  {
    name: 'the Web Service SDK with a certificate that nobody trusts',
    given: async (place) => {
      const made = await makeCertificate(place.folder, 'sdk')
      const server = await startPfServer([], {tls: {key: made.key, cert: made.certificate}})
      return {args: ['source', 'check', '--source', server.url], stop: () => server.close()}
    },
    code: 6,
    says: [/certificate/, /--source-ca/],
  },
  {
    name: 'the Web Service SDK that refuses the password',
    given: async () => {
      const server = await startPfServer([], {basic: {username: 'svc', password: 'right'}})
      return {
        args: ['source', 'check', '--source', server.url],
        env: {MFA_SOURCE_USERNAME: 'svc', MFA_SOURCE_PASSWORD: 'TOP-SECRET-VALUE'},
        stop: () => server.close(),
      }
    },
    code: 4,
    says: [/svc|MFA_SOURCE_USERNAME/, /MFA_SOURCE_PASSWORD|password/],
  },
  {
    name: 'an SDK password that is not there, and nobody to ask',
    args: ['source', 'check', '--source', 'http://127.0.0.1:9/PfWsSdk.asmx'],
    env: {MFA_SOURCE_USERNAME: 'svc'},
    code: 64,
    says: [/MFA_SOURCE_PASSWORD/, /terminal/],
  },
]

const state: readonly Case[] = [
  {
    name: 'a state folder that is a file',
    given: async (place) => ({env: {MFA_STATE: await place.file('state', 'x')}}),
    code: 64,
    says: [/state/, /folder|cannot/],
  },
  {
    name: 'a state folder that cannot be written to',
    skip: root,
    given: async (place) => {
      const folder = join(place.folder, 'shut')
      await mkdir(folder)
      await chmod(folder, 0o500)
      return {env: {MFA_STATE: folder}}
    },
    code: 64,
    says: [/shut/, /permission|rights|written/],
  },
  {
    name: 'a state that is no database',
    given: async (place) => {
      const folder = join(place.folder, 'odd')
      await mkdir(folder)
      await place.file('../odd/state.db', 'this is no database, whatever else it may be')
      return {args: ['runs', 'list'], env: {MFA_STATE: folder}}
    },
    code: 65,
    says: [/state\.db/, /database|damaged/],
  },
]

export const CASES = [...bundles, ...rows, ...seedsAndMapping, ...flags, ...settings, ...services, ...state]
