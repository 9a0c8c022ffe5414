import {isIP} from 'node:net'

import {MfaError} from '../../errors/mfa-error.js'
import {isLoopback} from '../../model/loopback.js'
import {PgDatabase} from './pg-database.js'

export interface PostgresOptions {
  /** Connections at most; each may wait for one statement. */
  readonly connections?: number | undefined
  readonly patienceMs?: number | undefined
  /** `PGPASSWORD` and passfiles unless given. */
  readonly password?: string | undefined
  /** Keeps the tables apart from those of others in the same database. */
  readonly schema?: string | undefined
}

const PARAMETERS = ['sslmode', 'sslrootcert', 'schema']
const CONNECT_TIMEOUT_MS = 10_000
const BIGINT = 20

/**
 * Opens a pool to `postgres://user@host:port/database?sslmode=…&schema=…`. Nothing is asked of the server yet.
 *
 * A password in the address is refused: it would stand in process lists and logs; it comes from `PGPASSWORD` or a passfile. TLS with
 * a checked certificate is the rule; without TLS only a server on this machine is used.
 * Throws MfaError `usage`.
 */
export async function connectPostgres(
  address: string,
  options: PostgresOptions = {},
): Promise<{readonly db: PgDatabase; readonly schema: string}> {
  const url = parse(address)
  const host = decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1')
  const local = isLoopback(host) || host.startsWith('/') || host === ''
  const mode = url.searchParams.get('sslmode') ?? (local ? 'disable' : 'verify-full')
  if (mode !== 'disable' && mode !== 'verify-full')
    throw refuse(
      `sslmode=${mode} is not known here`,
      'Use verify-full (the default), or disable on this machine.',
    )
  if (mode === 'disable' && !local)
    throw refuse('sslmode=disable would send everything in the clear', 'Leave it out: TLS is the default.')
  const schema = options.schema ?? url.searchParams.get('schema') ?? 'mfa'
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw refuse(`schema "${schema}" is no plain name`, 'Use lower-case letters, digits and _.')
  const {default: pg} = await import('pg')
  /** What fails during the sign-in on our side (no password) would leave the connection open, and the process waiting for it. */
  class Client extends pg.Client {
    constructor(config?: ConstructorParameters<typeof pg.Client>[0]) {
      super(config)
      this.connection.once('error', () => this.connection.stream.destroy())
    }
  }
  const types = new pg.TypeOverrides()
  // Sequence numbers stay below 2^53.
  types.setTypeParser(BIGINT, Number)
  const pool = new pg.Pool({
    Client,
    host: host === '' ? undefined : host,
    port: url.port === '' ? undefined : Number(url.port),
    user: url.username === '' ? undefined : decodeURIComponent(url.username),
    ...(options.password === undefined ? {} : {password: options.password}),
    database: url.pathname.length > 1 ? decodeURIComponent(url.pathname.slice(1)) : undefined,
    ssl: mode === 'disable' ? false : await tls(url, host),
    max: options.connections ?? 8,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: 30_000,
    allowExitOnIdle: true,
    application_name: 'mfa',
    options: `-c search_path=${schema} -c default_transaction_isolation=read\\ committed -c timezone=UTC`,
    types,
  })
  const label = `postgres://${host}${url.port === '' ? '' : `:${url.port}`}${url.pathname}`
  return {db: new PgDatabase(pool, label, schema, options.patienceMs), schema}
}

async function tls(url: URL, host: string): Promise<object> {
  const file = url.searchParams.get('sslrootcert')
  // The certificate is compared with `host`; the name that is sent along must not be an address (RFC 6066).
  const checked = {rejectUnauthorized: true, host, ...(isIP(host) === 0 ? {servername: host} : {})}
  if (file === null) return checked
  const {readFile} = await import('node:fs/promises')
  try {
    return {...checked, ca: await readFile(file, 'utf8')}
  } catch {
    throw refuse(`sslrootcert ${file} cannot be read`, 'Check the path.')
  }
}

function parse(address: string): URL {
  let url: URL
  try {
    // `postgres:///db?host=…` has no host, which URL takes only for known schemes.
    url = new URL(address.replace(/^postgres(ql)?:/, 'http:').replace('http:///', 'http://localhost/'))
  } catch {
    throw refuse('that is no address', 'Write it like postgres://mfa@db.contoso.com/mfa.')
  }
  if (url.password !== '')
    throw refuse(
      'a password stands in the address, where others can read it',
      'Take it out, and set PGPASSWORD or use a passfile.',
    )
  for (const name of url.searchParams.keys()) {
    if (PARAMETERS.includes(name)) continue
    throw refuse(
      `"${name}" in the address is not known here`,
      `Known are ${PARAMETERS.join(', ')}; a password belongs into PGPASSWORD or a passfile.`,
    )
  }
  return url
}

const refuse = (what: string, fix: string): MfaError =>
  new MfaError('STATE_ADDRESS', `--state: ${what}`, {exit: 'usage', fix})
