import {hash} from 'node:crypto'
import {appendFileSync} from 'node:fs'
import {chmod, chown, mkdir, readdir, readFile, rm, stat, truncate, utimes, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {spawn, spawnSync} from 'node:child_process'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'

import {snapshot} from '../helpers/backup-world.js'
import {newPlace, PACKAGE, type Place} from '../helpers/mfa.js'

const root = process.getuid?.() === 0
const NOBODY = root ? {uid: 65_534, gid: 65_534} : {}
/** Root may read everything: somebody else has to try, who can run the program at all. */
const canFail =
  spawnSync(process.execPath, [join(PACKAGE, 'bin', 'run.js'), '--version'], NOBODY).status === 0

let place: Place
beforeEach(async () => {
  place = await newPlace()
  await place.file('Data/PhoneFactor.pfdata', 'invented data')
  await place.file('Data/sub/Ünïcode ✓.txt', 'text')
  await place.file('Setup.exe', 'MZ invented')
})
afterEach(() => place.remove())

const BACKUP = ['server', 'backup', '--data', 'Data', '--to', 'backups']
const backup = async (...more: string[]): Promise<string> => {
  const made = await place.mfa([...BACKUP, '--json', ...more])
  expect(made.code, made.stdout + made.stderr).toBe(0)
  return String(made.json()['backup'])
}
const messageOf = (json: Record<string, unknown>): string =>
  String((json as {error?: {message: string}}).error?.message)

describe('mfa server backup', () => {
  test('--json: the folder, the count, the size and every hash; the source is as it was', async () => {
    const before = await snapshot(join(place.work, 'Data'))
    const made = await place.mfa([...BACKUP, '--json', '--installer', 'Setup.exe', '--role', 'primary'])
    expect(made.code).toBe(0)
    expect(made.stderr).toBe('')
    const json = made.json()
    expect(json).toMatchObject({
      schemaVersion: 1,
      backup: expect.stringMatching(/^\/.*\/backups\/mfa-server-\d{8}T\d{6}Z$/),
      files: 2,
      bytes: 17,
      sha256: {
        'PhoneFactor.pfdata': hash('sha256', 'invented data'),
        'sub/Ünïcode ✓.txt': hash('sha256', 'text'),
      },
      role: 'primary',
      installer: 'Setup.exe',
      warnings: [expect.stringContaining('is on the same disk as the data')],
    })
    expect(await snapshot(join(place.work, 'Data'))).toEqual(before)
    const folder = String(json['backup'])
    expect(await readFile(join(folder, 'data/PhoneFactor.pfdata'), 'utf8')).toBe('invented data')
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    expect((await stat(join(folder, 'data/PhoneFactor.pfdata'))).mode & 0o777).toBe(0o600)
    // As people check it who have no mfa.
    expect(await readFile(join(folder, 'manifest.json.sha256'), 'utf8')).toBe(
      `${hash('sha256', await readFile(join(folder, 'manifest.json')))}  manifest.json\n`,
    )
  })

  test('for people: where it is, what is in it, one plain line, and what comes next', async () => {
    const made = await place.mfa(BACKUP)
    expect(made.stdout).toMatch(/^Backup: .*\/backups\/mfa-server-/)
    expect(made.stdout).toMatch(
      /backup of 2 files is good: read back and every hash compared\nNext: mfa server preflight --to \S+\/backups --data \S+\/Data --server \S+\n$/,
    )
    expect(made.stdout).toContain('No installer was kept')
    expect(made.stderr).toContain('warning: whether this server is the primary is not known')
  })

  test('a limit that is none is a fault of the command line, in one line, with how to write it', async () => {
    expect((await place.mfa([...BACKUP, '--keep', '0'])).stderr).toBe(
      'error: --keep: Expected an integer greater than or equal to 1 but received: 0\n  See --help.\n',
    )
    const bogus = await place.mfa([...BACKUP, '--max-age', 'bogus'])
    expect(bogus.code).toBe(64)
    expect(bogus.stderr).toContain('30d')
  })

  test('a name that would steer the terminal is shown, not obeyed', async () => {
    await place.file('Data/\u001b[31mred', '')
    const folder = await backup()
    await rm(join(folder, 'data/\u001b[31mred'))
    const verified = await place.mfa(['server', 'verify-backup', folder])
    expect(verified.code).toBe(65)
    expect(verified.stderr).toContain(String.raw`data/\x1b[31mred is missing`)
  })

  test('--keep and --max-age: the old ones go, another server’s and the last good one stay', async () => {
    const names: string[] = []
    for (const server of ['mfa1', 'mfa1', 'mfa2', 'mfa1'])
      names.push((await backup('--server', server)).split('/').at(-1) ?? '')
    const made = await place.mfa([...BACKUP, '--json', '--server', 'mfa1', '--keep', '2'])
    expect(made.json()['removed']).toEqual([names[1], names[0]])
    expect((await readdir(join(place.work, 'backups'))).sort()).toEqual(
      [names[2] ?? '', names[3] ?? '', String(made.json()['name'])].sort(),
    )
    await sleep(1100)
    const aged = await place.mfa([...BACKUP, '--json', '--server', 'mfa2', '--max-age', '1s'])
    expect(aged.json()['removed']).toEqual([names[2]])
  })

  test('a registry export tells the role; a replica is refused unless told', async () => {
    const text =
      '\ufeffWindows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Wow6432Node\\Positive Networks\\PhoneFactor]\r\n"Role"="subordinate"\r\n'
    await place.file('mfa2.reg', Buffer.from(text, 'utf16le'))
    const refused = await place.mfa([...BACKUP, '--registry', 'mfa2.reg', '--json'])
    expect(refused.code).toBe(8)
    expect(refused.json()).toMatchObject({error: {fix: expect.stringContaining('--allow-replica')}})
    expect(await readdir(place.work)).not.toContain('backups')
    await backup('--registry', 'mfa2.reg', '--allow-replica')
    await place.file('bad.reg', `${text.slice(1)}oops\r\n`)
    const bad = await place.mfa([...BACKUP, '--registry', 'bad.reg'])
    expect(bad.code).toBe(65)
    expect(bad.stderr).toContain('bad.reg, line 5:')
  })

  test.each([
    [['--data', 'nowhere', '--to', 'b'], 64, '--data: '],
    [['--to', 'b'], 64, 'the data folder of MFA Server is not on this machine'],
    [['--data', 'Data'], 64, 'to'],
    [['--data', 'Data', '--to', 'Data/b'], 64, 'lies within the data folder'],
    [['--data', 'Data', '--to', 'Setup.exe'], 64, 'Setup.exe'],
    [['--data', 'Data', '--to', 'b', '--installer', 'none.exe'], 64, '--installer: '],
    [['--data', 'Data', '--to', 'b', '--recipient', 'nobody'], 64, '--recipient: "nobody"'],
    [['--data', 'Data', '--to', 'b', '--max-age', 'soon'], 64, '--max-age: "soon"'],
    [['--data', 'Data', '--to', 'b', '--keep', '0'], 64, 'keep'],
    [['--data', 'Data', '--to', 'b', '--registry', 'none.reg'], 64, '--registry: none.reg'],
    [['--data', 'Data', '--to', 'b', '--passphrase'], 64, 'Passphrase for the backup'],
    [['--data', 'Data', '--to', 'b', '--passphrase', '--recipient', 'age1x'], 64, 'recipient'],
    [['--data', 'Data', '--to', 'n'.repeat(300)], 64, 'the path is too long'],
  ])('%j: exit %i, and says what', async (args, code, message) => {
    const before = await snapshot(join(place.work, 'Data'))
    const failed = await place.mfa(['server', 'backup', ...args, '--json'])
    expect(failed.code).toBe(code)
    expect(messageOf(failed.json())).toContain(message)
    expect((await readdir(place.work)).sort()).toEqual(['Data', 'Setup.exe'])
    expect(await snapshot(join(place.work, 'Data'))).toEqual(before)
  })

  test('the passphrase comes from the environment, and is nowhere afterwards', async () => {
    const env = {MFA_BACKUP_PASSPHRASE: 'invented passphrase 5550123'}
    const made = await place.mfa([...BACKUP, '--passphrase', '--json', '--verbose'], {env})
    expect(made.code).toBe(0)
    const proved = await place.mfa(['server', 'verify-backup', String(made.json()['backup']), '--json'], {
      env,
    })
    expect(proved.json()).toMatchObject({good: true, decrypted: true})
    const everything = [
      ...(await place.everything()).map(({text}) => text),
      made.stdout,
      made.stderr,
      proved.stderr,
    ]
    expect(everything.filter((text) => text.includes('5550123'))).toEqual([])
  })

  test('a file that never rests: gives up, names it, leaves nothing', async () => {
    // Long enough to read that the log grows between two passes.
    await place.file('Data/big.bin', Buffer.alloc(30_000_000))
    const log = await place.file('Data/busy.log', '')
    const timer = setInterval(() => appendFileSync(log, 'line\n'), 1)
    const failed = await place
      .mfa([...BACKUP, '--attempts', '2', '--json'])
      .finally(() => clearInterval(timer))
    expect(failed.code).toBe(65)
    expect(messageOf(failed.json())).toMatch(/keeps changing: read 2 times.*busy\.log/)
    expect(await readdir(join(place.work, 'backups'))).toEqual([])
  })

  const CANNOT = canFail ? '' : ' (skipped: as root, and nobody else can run the program here)'
  test.runIf(canFail)(`files that cannot be read: each is named, nothing is left${CANNOT}`, async () => {
    for (const name of ['one.bin', 'two.bin']) await chmod(await place.file(`Data/${name}`, 'x'), 0)
    if (root)
      for (const path of [place.folder, join(place.folder, 'home'), place.work])
        await chown(path, 65_534, 65_534)
    const child = spawn(process.execPath, [join(PACKAGE, 'bin', 'run.js'), ...BACKUP, '--json'], {
      cwd: place.work,
      env: {...place.environment(), XDG_CACHE_HOME: join(place.folder, 'home')},
      ...NOBODY,
    })
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect(code, stdout).toBe(65)
    const message = messageOf(JSON.parse(stdout) as Record<string, unknown>)
    expect(message).toMatch(/2 faults/)
    expect(message).toMatch(/one\.bin cannot be read: no permission/)
    expect(message).toMatch(/two\.bin cannot be read: no permission/)
    expect(await readdir(join(place.work, 'backups'))).toEqual([])
  })
})

describe('mfa server verify-backup', () => {
  test('good: 0; damaged: 65, every fault named; the list says so from then on', async () => {
    const folder = await backup()
    const good = await place.mfa(['server', 'verify-backup', folder, '--json'])
    expect(good.code).toBe(0)
    expect(good.json()).toMatchObject({backup: folder, good: true, mode: 'full', files: 2, hashedBytes: 17})
    expect((await place.mfa(['server', 'verify-backup', folder, '--fast'])).code).toBe(0)
    await writeFile(join(folder, 'data/PhoneFactor.pfdata'), 'Invented data')
    await truncate(join(folder, 'data/sub/Ünïcode ✓.txt'), 1)
    for (const flags of [[], ['--fast']]) {
      const bad = await place.mfa(['server', 'verify-backup', folder, '--json', ...flags])
      expect(bad.code).toBe(65)
      expect(messageOf(bad.json())).toMatch(
        /2 faults:\n[\s\S]*Ünïcode[\s\S]*PhoneFactor\.pfdata is not what was backed up/,
      )
    }
    const list = (await place.mfa(['server', 'backups', '--to', 'backups', '--json'])).json()
    expect(list).toMatchObject({newestGood: null, backups: [{good: false, faults: expect.any(Array)}]})
  })

  test('with the key from a file', async () => {
    const age = await import('age-encryption')
    const identity = await age.generateX25519Identity()
    await place.file('key.txt', `# invented\n${identity}\n`)
    const folder = await backup('--recipient', await age.identityToRecipient(identity))
    const opened = await place.mfa(['server', 'verify-backup', folder, '--identity', 'key.txt', '--json'])
    expect(opened.json()).toMatchObject({decrypted: true, encrypted: true})
    const closed = await place.mfa(['server', 'verify-backup', folder, '--json'])
    expect(closed.json()).toMatchObject({decrypted: false, warnings: [expect.stringContaining('--identity')]})
    const texts = [...(await place.everything())]
      .filter(({path}) => !path.endsWith('key.txt'))
      .map(({text}) => text)
    expect([opened.stdout, closed.stdout, ...texts].filter((text) => text.includes(identity))).toEqual([])
  })
})

test('mfa server backups: table, CSV, JSON; none, and no such folder', async () => {
  await backup('--server', 'mfa1', '--server-version', '8.0.1.1', '--role', 'primary')
  const listed = await place.mfa(['server', 'backups', '--to', 'backups', '--csv', 'list.csv'])
  expect(listed.stdout).toMatch(/mfa-server-\d{8}T\d{6}Z │ yes/)
  expect(listed.stdout).toMatch(/Next: mfa server verify-backup \S+\/mfa-server-\d{8}T\d{6}Z\n/)
  expect(listed.stdout.split('\n').filter((line) => line.length > 80 && line.includes('│'))).toEqual([])
  expect((await place.read('list.csv')).split('\r\n')[1] ?? (await place.read('list.csv'))).toContain(
    '8.0.1.1',
  )
  const json = (await place.mfa(['server', 'backups', '--to', 'backups', '--json'])).json()
  expect(json).toMatchObject({
    backups: [
      {
        good: true,
        server: 'mfa1',
        serverVersion: '8.0.1.1',
        role: 'primary',
        encrypted: false,
        madeAt: expect.stringMatching(/Z$/),
        verifiedAt: expect.stringMatching(/Z$/),
      },
    ],
  })
  await mkdir(join(place.work, 'none'))
  expect((await place.mfa(['server', 'backups', '--to', 'none'])).stdout).toContain(
    'No backup is here.\nNext: mfa server backup --to none\n',
  )
  expect((await place.mfa(['server', 'backups', '--to', 'nowhere'])).code).toBe(64)
})

describe('mfa server restore', () => {
  test('shows, asks, replaces, keeps what was there, and ends with a runbook', async () => {
    const folder = await backup('--installer', 'Setup.exe')
    await writeFile(join(place.work, 'Data/PhoneFactor.pfdata'), 'later')
    const later = new Date(Date.now() + 60_000)
    await utimes(join(place.work, 'Data/PhoneFactor.pfdata'), later, later)
    const asked = await place.mfa(['server', 'restore', folder, '--data', 'Data'])
    expect(asked.code).toBe(64)
    expect(asked.stderr).toContain('Give --yes.')
    expect(asked.stdout).toMatch(/1 file changed after the backup was made/)
    expect(await place.read('Data/PhoneFactor.pfdata')).toBe('later')
    const done = await place.mfa(['server', 'restore', folder, '--data', 'Data', '--yes'])
    expect(done.code).toBe(0)
    expect(done.stdout).toMatch(/\[ \] .*installer\/Setup\.exe/s)
    expect(done.stdout).toMatch(/\[x\] The data of /)
    expect(done.stdout).toMatch(/2 files restored to .*\/Data; every hash compared\n$/)
    expect(await place.read('Data/PhoneFactor.pfdata')).toBe('invented data')
    const json = (await place.mfa(['server', 'restore', folder, '--data', 'Data', '--yes', '--json'])).json()
    expect(json).toMatchObject({files: 2, same: 2, lost: [], replaced: [], runbook: expect.any(Array)})
    expect(await readFile(join(String(json['aside']), 'PhoneFactor.pfdata'), 'utf8')).toBe('invented data')
  })

  test('a damaged backup: 65, and the data stay', async () => {
    const folder = await backup()
    await truncate(join(folder, 'data/PhoneFactor.pfdata'), 3)
    const before = await snapshot(join(place.work, 'Data'))
    const failed = await place.mfa(['server', 'restore', folder, '--data', 'Data', '--yes'])
    expect(failed.code).toBe(65)
    expect(await snapshot(join(place.work, 'Data'))).toEqual(before)
  })

  test.runIf(process.platform !== 'win32')(
    '--control-service is refused where there are no services',
    async () => {
      const folder = await backup()
      const refused = await place.mfa([
        'server',
        'restore',
        folder,
        '--data',
        'Data',
        '--yes',
        '--control-service',
      ])
      expect(refused.code).toBe(64)
      expect(refused.stderr).toContain('there are no Windows services on this machine')
    },
  )
})

describe('mfa server preflight', () => {
  const LOOK = ['server', 'preflight', '--to', 'backups', '--data', 'Data', '--json']
  const ANSWERS = ['--out-of-load-balancer', 'yes', '--redistributables', 'yes', '--secondaries', '0']

  test('2 while something blocks or is open, 0 when all is answered and in order', async () => {
    const nothing = await place.mfa(LOOK)
    expect(nothing.code).toBe(2)
    expect(nothing.json()).toMatchObject({ready: false, summary: {blocks: 2, open: 3}})
    await backup('--installer', 'Setup.exe', '--role', 'primary')
    const ready = await place.mfa([...LOOK, ...ANSWERS])
    expect(ready.code, ready.stdout).toBe(0)
    expect(ready.json()).toMatchObject({ready: true, summary: {blocks: 0, open: 0}})
    const blocked = await place.mfa([...LOOK, ...ANSWERS.with(1, 'no')])
    expect(blocked.code).toBe(2)
  })

  test('for people: what was seen and what was asked are told apart', async () => {
    await backup()
    const shown = await place.mfa(['server', 'preflight', '--to', 'backups', '--data', 'Data', ...ANSWERS])
    expect(shown.stdout).toContain('asked: the tool cannot see this')
    expect(shown.stdout).toMatch(/not ready for the upgrade: 1 check blocking, 0 not answered\n$/)
  })
})
