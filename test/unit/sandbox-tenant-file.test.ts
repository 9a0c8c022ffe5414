import {chmod, mkdtemp, readdir, rm, stat, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {inspect} from 'node:util'

import {afterEach, beforeEach, describe, expect, it} from 'vitest'

import {dumpTenant} from '../../src/lib/sandbox/dump-tenant.js'
import {resetSandbox, startSandbox} from '../../src/lib/sandbox/server.js'
import {readTenantFile, tenantFileSchema} from '../../src/lib/sandbox/tenant-file.js'
import {BOB, SECRET, TENANT, TENANT_ID} from '../fixtures/sandbox-tenant.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mfa-sandbox-'))
})
afterEach(async () => {
  await rm(folder, {recursive: true, force: true})
})

describe('tenant file', () => {
  const write = async (text: string): Promise<string> => {
    const file = path.join(folder, 'tenant.json')
    await writeFile(file, text)
    return file
  }

  it('comes back as it was written, with or without a byte order mark', async () => {
    expect(await readTenantFile(await write(`\uFEFF${JSON.stringify(TENANT)}`))).toEqual(TENANT)
  })

  it('names every wrong field with the file', async () => {
    const [first, ...rest] = TENANT.users
    const file = await write(
      JSON.stringify({
        ...TENANT,
        domains: [],
        users: [{...first, shoeSize: 44, phoneMethods: [{phoneType: 'mobile', phoneNumber: '425'}]}, ...rest],
      }),
    )
    const refusal = readTenantFile(file)
    await expect(refusal).rejects.toMatchObject({code: 'TENANT_FILE', exit: 'data'})
    await expect(refusal).rejects.toThrow(`${file}: domains: `)
    await expect(refusal).rejects.toThrow(`${file}: users[0].phoneMethods[0].phoneNumber: must look like`)
    await expect(refusal).rejects.toThrow(`${file}: users[0]: Unrecognized key: "shoeSize"`)
  })

  it('says when it is not there', async () => {
    const file = path.join(folder, 'none.json')
    await expect(readTenantFile(file)).rejects.toMatchObject({
      exit: 'data',
      message: `${file}: cannot be read (ENOENT)`,
    })
  })

  it('says where it is not JSON, and nothing of what stands there: it may be a key', async () => {
    const file = await write(`{"hardwareOathDevices": [\n  {"secretKey": ${SECRET}}]}`)
    const refusal: unknown = await readTenantFile(file).catch((error: unknown) => error)
    expect(refusal).toMatchObject({
      exit: 'data',
      message: `${file}, line 2, column 17: is not valid JSON`,
    })
    const all = inspect(refusal, {depth: 9, showHidden: true})
    expect(all).not.toContain(SECRET.slice(0, 6))
  })
})

describe.runIf(process.platform !== 'win32')('R8: the state holds keys of tokens', () => {
  it('is for its owner only, with its side files and the folder that is made for it', async () => {
    const inside = path.join(folder, 'deep', 'er')
    const stateFile = path.join(inside, 'sandbox.db')
    const modes = async (): Promise<Record<string, string>> => {
      const all: Record<string, string> = {}
      for (const name of ['.', ...(await readdir(inside))])
        all[name] = ((await stat(path.join(inside, name))).mode & 0o777).toString(8)
      return all
    }
    const closed = {'.': '700', 'sandbox.db': '600', 'sandbox.db-shm': '600', 'sandbox.db-wal': '600'}
    const sandbox = await startSandbox({stateFile, tenant: TENANT})
    expect(await modes()).toEqual(closed)
    // What was made readable, by an earlier version or by hand, is closed at the next start.
    for (const name of await readdir(inside)) await chmod(path.join(inside, name), 0o644)
    const second = await startSandbox({stateFile, tenant: TENANT})
    expect(await modes()).toEqual(closed)
    await second.stop()
    await sandbox.stop()
  })
})

describe('state', () => {
  it('outlives the server, is not seeded twice, and dumps without keys', async () => {
    const stateFile = path.join(folder, 'deep', 'sandbox.db')
    const first = await startSandbox({stateFile, tenant: TENANT})
    const token = first.issueToken()
    const url = `/beta/users/${BOB}/authentication/requirements`
    const headers = {Authorization: `Bearer ${token}`, 'Content-Type': 'application/json'}
    const body = JSON.stringify({perUserMfaState: 'enforced'})
    expect((await fetch(`${first.rootUrl}${url}`, {method: 'PATCH', headers, body})).status).toBe(204)
    await first.stop()

    const second = await startSandbox({stateFile, tenant: {...TENANT, displayName: 'Other'}})
    expect(second.tenantId).toBe(TENANT_ID)
    const answer = await fetch(`${second.rootUrl}${url}`, {headers: {Authorization: `Bearer ${token}`}})
    expect(await answer.json()).toMatchObject({perUserMfaState: 'enforced'})
    await second.stop()

    const dump = dumpTenant(stateFile)
    expect(dump.displayName).toBe('Contoso')
    expect(dump.users[1]).toMatchObject({id: BOB, perUserMfaState: 'enforced'})
    expect(JSON.stringify(dump)).not.toContain(SECRET)
    expect(dump.hardwareOathDevices?.map((device) => device.secretKey)).toEqual([
      '[secret]',
      '[secret]',
      '[secret]',
    ])
  })

  it('gives a dump that seeds the same state again', () => {
    const stateFile = path.join(folder, 'sandbox.db')
    resetSandbox(stateFile, TENANT)
    const dump = dumpTenant(stateFile, {secrets: true})
    expect(dump.groups.map((group) => group.members.length)).toEqual([2, 3, 1, 2])
    const copy = path.join(folder, 'copy.db')
    resetSandbox(copy, tenantFileSchema.parse(dump))
    expect(dumpTenant(copy, {secrets: true})).toEqual(dump)
  })

  it('is replaced as a whole by a reset, or not at all', () => {
    const stateFile = path.join(folder, 'sandbox.db')
    resetSandbox(stateFile, TENANT)
    const before = dumpTenant(stateFile)
    const broken = {...TENANT, groups: [{id: BOB, displayName: 'G', members: ['nobody@contoso.com']}]}
    expect(() => {
      resetSandbox(stateFile, broken)
    }).toThrow('group "G": there is no user or group "nobody@contoso.com"')
    expect(dumpTenant(stateFile)).toEqual(before)
    expect(() => {
      resetSandbox(stateFile, {...TENANT, users: [...TENANT.users, ...TENANT.users]})
    }).toThrow('is there twice')
    resetSandbox(stateFile, {...TENANT, groups: [], users: [], hardwareOathDevices: []})
    expect(dumpTenant(stateFile).users).toEqual([])
  })

  it('must be a state, and must have a tenant', async () => {
    const stateFile = path.join(folder, 'not-a.db')
    await writeFile(
      stateFile,
      'this is not SQLite, and it is long enough to be seen as something else '.repeat(20),
    )
    await expect(startSandbox({stateFile, tenant: TENANT})).rejects.toMatchObject({exit: 'data'})
    await expect(startSandbox({stateFile: ':memory:'})).rejects.toMatchObject({
      code: 'SANDBOX_STATE',
      exit: 'data',
    })
  })

  it('says when the port is taken', async () => {
    const first = await startSandbox({stateFile: ':memory:', tenant: TENANT})
    const port = Number(new URL(first.rootUrl).port)
    await expect(startSandbox({stateFile: ':memory:', tenant: TENANT, port})).rejects.toMatchObject({
      exit: 'usage',
    })
    await first.stop()
  })
})
