import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {afterAll, beforeAll, describe, expect, it} from 'vitest'

import {openPostgres} from '../../src/lib/state/postgres/open-postgres.js'
import {systemClock} from '../../src/system-clock.js'
import {makePrivateCa, type PrivateCa} from '../counterparts/private-ca.js'
import {newPlace} from '../helpers/mfa.js'
import {hasPostgres, startPostgres, type TestPostgres} from '../helpers/postgres.js'

describe.skipIf(!hasPostgres)('PostgreSQL over TLS', () => {
  let folder: string
  let ca: PrivateCa
  let postgres: TestPostgres
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mfa-pg-tls-'))
    ca = await makePrivateCa(folder)
    postgres = await startPostgres(ca)
  })
  afterAll(async () => {
    postgres.stop()
    await rm(folder, {recursive: true, force: true})
  })

  const address = (host: string, more: string): string =>
    `${postgres.address().replace('127.0.0.1', host)}&sslmode=verify-full${more}`
  const open = async (where: string): Promise<unknown> => {
    const journal = await openPostgres(where, {clock: systemClock, password: postgres.password})
    const row = await journal.db.get('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
    await journal.close()
    return row?.['ssl']
  }

  it.each(['localhost', '127.0.0.1'])('is used where the certificate is that of %s', async (host) => {
    expect(await open(address(host, `&sslrootcert=${ca.file}`))).toBe(true)
  })

  it('is refused where nobody vouches for the certificate', async () => {
    await expect(open(address('localhost', ''))).rejects.toMatchObject({
      code: 'STATE_TLS',
      exit: 'usage',
      fix: expect.stringContaining('sslrootcert') as string,
    })
  })

  it('is refused where the certificate is that of another server, and says that this is why', async () => {
    await expect(open(address('127.0.0.2', `&sslrootcert=${ca.file}`))).rejects.toMatchObject({
      code: 'STATE_TLS',
      message: expect.stringContaining('127.0.0.2') as string,
      fix: expect.stringContaining('subjectAltName') as string,
    })
  })

  it('says nothing of its own to an address that is a number', async () => {
    const place = await newPlace({PGPASSWORD: postgres.password})
    const state = address('127.0.0.1', `&sslrootcert=${ca.file}`)
    expect(await place.mfa(['runs', 'list', '--state', state])).toMatchObject({code: 0, stderr: ''})
    await place.remove()
  })
})
