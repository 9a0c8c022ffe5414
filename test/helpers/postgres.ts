import {spawnSync} from 'node:child_process'
import {chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs'
import {createServer, type AddressInfo} from 'node:net'
import {tmpdir, userInfo} from 'node:os'
import {join} from 'node:path'

/** A PostgreSQL of one's own on loopback; Debian's packages, started by the test and gone with it. */
export interface TestPostgres {
  readonly port: number
  readonly password: string
  /** `postgres://app@127.0.0.1:PORT/postgres?schema=…`: a schema that nobody else has. */
  address(): string
  restart(): void
  stop(): void
}

const ROOT = '/usr/lib/postgresql'

/** The folder of the newest installed server's programs; undefined where there is none. */
function programs(): string | undefined {
  if (!existsSync(ROOT)) return undefined
  const newest = readdirSync(ROOT)
    .filter((name) => existsSync(join(ROOT, name, 'bin', 'initdb')))
    .sort((a, b) => Number(b) - Number(a))[0]
  return newest === undefined ? undefined : join(ROOT, newest, 'bin')
}

/** In CI it has to be there. */
export const hasPostgres = ((): boolean => {
  if (programs() !== undefined) return true
  if (process.env['CI'] === 'true') throw new Error('PostgreSQL is not installed: apt-get install postgresql')
  return false
})()

/** @param tls PEM: it answers over TLS as well then, at 127.0.0.2 too. */
export async function startPostgres(tls?: {
  readonly key: string
  readonly cert: string
}): Promise<TestPostgres> {
  const bin = programs() ?? ''
  const folder = mkdtempSync(join(tmpdir(), 'mfa-pg-'))
  const data = join(folder, 'data')
  const password = 'invented'
  writeFileSync(join(folder, 'pw'), `${password}\n`)
  // The server refuses to run as root.
  const other = userInfo().uid === 0 ? postgresUser() : undefined
  if (other !== undefined)
    for (const path of [folder, join(folder, 'pw')]) chownSync(path, other.uid, other.gid)
  const run = (program: string, args: readonly string[]): void => {
    const {status, stderr} = spawnSync(join(bin, program), [...args], {
      cwd: '/',
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {PATH: `${bin}:/usr/bin:/bin`, HOME: folder, LC_ALL: 'C.UTF-8'},
      ...(other === undefined ? {} : other),
    })
    if (status !== 0) throw new Error(`${program}: ${stderr}`)
  }
  run('initdb', ['-D', data, '-U', 'app', `--pwfile=${join(folder, 'pw')}`, '-A', 'scram-sha-256', '-E', 'UTF8', '--no-sync']) // prettier-ignore
  const port = await freePort()
  const listen = tls === undefined ? '127.0.0.1' : '127.0.0.1,127.0.0.2'
  const options = `-c listen_addresses=${listen} -p ${port} -c unix_socket_directories='' -c shared_buffers=32MB${tls === undefined ? '' : ' -c ssl=on'}`
  // The names that it looks for unless told otherwise.
  for (const [name, text] of Object.entries(
    tls === undefined ? {} : {'server.key': tls.key, 'server.crt': tls.cert},
  )) {
    writeFileSync(join(data, name), text, {mode: 0o600})
    if (other !== undefined) chownSync(join(data, name), other.uid, other.gid)
  }
  const start = (): void =>
    run('pg_ctl', ['-D', data, '-w', '-t', '30', '-l', join(folder, 'log'), '-o', options, 'start'])
  const stop = (): void => run('pg_ctl', ['-D', data, '-m', 'fast', '-w', 'stop'])
  start()
  let schemas = 0
  return {
    port,
    password,
    address: () => `postgres://app@127.0.0.1:${port}/postgres?schema=t${++schemas}`,
    restart: () => {
      stop()
      start()
    },
    stop: () => {
      stop()
      rmSync(folder, {recursive: true, force: true})
    },
  }
}

function postgresUser(): {readonly uid: number; readonly gid: number} {
  const id = (flag: string): number => Number(spawnSync('id', [flag, 'postgres'], {encoding: 'utf8'}).stdout)
  return {uid: id('-u'), gid: id('-g')}
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const {port} = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
