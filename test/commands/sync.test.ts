import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'

import {afterAll, beforeAll, describe, expect, it} from 'vitest'

import {CONTOSO, newPlace, type Place} from '../helpers/mfa.js'

let place: Place

beforeAll(async () => {
  place = await newPlace({MFA_TENANT_ID: 'sandbox', MFA_SOURCE: CONTOSO})
})
afterAll(() => place.remove())

const GROUP = ['--group', 'MFA early birds', '--seed-file', `${CONTOSO}/seeds.csv`]

describe('mfa sync', () => {
  it('once brings over who changed; a second time nobody', async () => {
    const first = await place.mfa(['sync', 'once', ...GROUP, '--json'])
    expect({code: first.code, stderr: first.stderr}).toMatchObject({code: 0})
    expect(first.json()).toMatchObject({summary: {users: 6, migrated: 6}, failing: [], postponed: 0})
    const second = await place.mfa(['sync', 'once', ...GROUP, '--json'])
    expect(second.json()).toMatchObject({summary: {users: 6, migrated: 0, unchanged: 6}})
  })

  it('status tells the rounds from the journal', async () => {
    const {code, stdout} = await place.mfa(['sync', 'status', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      leader: null,
      scopes: [{scope: 'MFA early birds', failing: [], rounds: [{unchanged: 6}, {migrated: 6}]}],
    })
  })

  it('a round shows whom it has news about, and how many there were', async () => {
    const shown = await place.mfa(['runs', 'show', 'last'])
    expect(shown.stdout).toContain(
      '6 users in this round, 6 unchanged; listed are those about whom there was something new',
    )
    expect(shown.stdout).toContain('No such users.')
    const {users} = (await place.mfa(['runs', 'show', 'last', '--json'])).json()
    expect(users).toEqual([])
  })

  it('rounds are listed as far back as was asked', async () => {
    const list = async (...flags: readonly string[]) =>
      (await place.mfa(['runs', 'list', ...flags, '--json'])).json() as {
        runs: {kind: string}[]
        more: boolean
      }
    expect(await list('--limit', '1')).toMatchObject({runs: [{kind: 'sync'}], more: true})
    expect(await list('--limit', '2')).toMatchObject({runs: [{}, {}], more: false})
    expect(await list('--all')).toMatchObject({runs: [{}, {}], more: false})
    expect(await list('--kind', 'migrate')).toMatchObject({runs: [], more: false})
    expect(await list('--kind', 'sync', '--limit', '1')).toMatchObject({runs: [{}], more: true})
    const {stdout} = await place.mfa(['runs', 'list', '--limit', '1'])
    expect(stdout).toContain('The newest 1; --limit N shows more, --all every run, --kind those of a kind.')
  })

  it('has one log a day for all rounds', async () => {
    const {runs} = (await place.mfa(['runs', 'list', '--json'])).json() as {runs: {logFile: string}[]}
    const [one, other] = runs
    expect(one?.logFile).toMatch(/\d{4}-\d\d-\d\d-sync-once\.jsonl$/)
    // Unless midnight lay between them.
    const day = ({logFile}: {logFile: string}) => logFile.replace(/-\d\d-sync/, '-sync')
    expect(one && day(one)).toBe(other && day(other))
  })

  it('run serves health and metrics, refuses a second one, and ends with 0 on SIGTERM', async () => {
    const running = place.start(['sync', 'run', ...GROUP, '--interval', '1h', '--listen', '127.0.0.1:0'])
    const told = untilStderr(running, /health and metrics: (http:\S+)\/live/)
    await running.untilStdout(/round 1: 6 users/)
    const url = await told
    const get = async (path: string) => {
      const answer = await fetch(`${url}${path}`)
      return {status: answer.status, text: await answer.text()}
    }
    expect(await get('/live')).toEqual({status: 200, text: 'live\n'})
    expect(await get('/ready')).toEqual({status: 200, text: 'ready\n'})
    const {text} = await get('/metrics')
    expect(text).toContain('mfa_sync_users{state="in_sync"} 6')
    expect(text).toContain('mfa_sync_rounds_total 1')
    expect(text).toMatch(/mfa_graph_requests_total\{status="200"\} [1-9]/)
    expect(text).not.toContain('contoso.com')
    const second = await place.mfa(['sync', 'run', ...GROUP, '--json'])
    expect(second.code).toBe(5)
    running.process.kill('SIGTERM')
    const ended = await running.ended
    expect(ended.code, ended.stderr).toBe(0)
    expect(ended.stdout).toMatch(/stopped after 1 round\n$/)
  })

  it(
    'run names nobody in its result, and its interval is that of the pauses',
    {timeout: 60_000},
    async () => {
      const pilot = ['--group', 'MFA pilot', ...GROUP.slice(2)]
      const args = ['sync', 'run', ...pilot, '--interval', '1h', '--listen', '127.0.0.1:0', '--json']
      const running = place.start(args)
      const url = await untilStderr(running, /health and metrics: (http:\S+)\/live/)
      while ((await fetch(`${url}/ready`)).status !== 200)
        await new Promise((resolve) => setTimeout(resolve, 200))
      running.process.kill('SIGTERM')
      const ended = await running.ended
      expect(ended.code, ended.stderr).toBe(0)
      const {last} = JSON.parse(ended.stdout) as {last: {failing: {id: string}[]}}
      expect(last.failing).toEqual([
        {
          id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          failures: 1,
          lastAt: expect.any(String),
          nextAt: expect.any(String),
        },
      ])
      expect(ended.stdout).not.toContain('@')
      const {scopes} = (await place.mfa(['sync', 'status', '--json'])).json() as {
        scopes: {scope: string; failing: {lastAt: string; nextAt: string}[]}[]
      }
      const [failing] = scopes.find(({scope}) => scope === 'MFA pilot')?.failing ?? []
      expect(Date.parse(failing?.nextAt ?? '') - Date.parse(failing?.lastAt ?? '')).toBe(3_600_000)
    },
  )

  it('run goes on after a kill', async () => {
    const killed = place.start(['sync', 'run', ...GROUP, '--interval', '1h'])
    await killed.untilStdout(/round 1/)
    killed.process.kill('SIGKILL')
    await killed.ended
    const again = place.start(['sync', 'run', ...GROUP, '--interval', '1h'])
    await again.untilStdout(/round 1: 6 users, 0 changed, 6 unchanged/)
    again.process.kill('SIGINT')
    expect((await again.ended).code).toBe(0)
  })

  it('names nobody in the log, unless asked to', async () => {
    const state = join(place.work, 'log-state')
    const once = await place.mfa(['sync', 'once', '--all-users', '--state', state])
    expect([0, 3]).toContain(once.code)
    const logs = (await place.everything()).filter(({path}) => path.startsWith(join(state, 'logs')))
    const text = logs.map((log) => log.text).join('')
    expect(text).toMatch(/"requestId"/)
    // Account names and addresses of the example, and numbers.
    expect(text).not.toMatch(/acommon|dplainname|ada\.sunrise|[\w.]+(@|%40)contoso\.com|\+1 ?\d{6}/)
  })

  it('run begins while the bundle is half written, says so, and goes on when it is whole', async () => {
    const users = await readFile(join(CONTOSO, 'users.csv'), 'utf8')
    await place.file('half/users.csv', users.slice(0, 20))
    const words = ['sync', 'run', '--group', 'MFA early birds', '--source', 'half', '--interval', '1s']
    const running = place.start(words)
    const seen = await running.untilStdout(/round 1: BUNDLE_UNREADABLE/)
    expect(seen).toContain('has no column')
    await place.file('half/users.csv', users)
    await running.untilStdout(/round \d+: 6 users/)
    running.process.kill('SIGTERM')
    expect((await running.ended).code).toBe(0)
  })

  it('run names nobody on the way, unless asked to', async () => {
    const mapping = await place.file(
      'map.csv',
      'UserPrincipalName,Username\nada.sunrise@contoso.com,ghostly\n',
    )
    const words = ['sync', 'run', '--all-users', '--mapping', mapping, '--interval', '1h']
    const said = async (...more: readonly string[]) => {
      const running = place.start([...words, '--state', join(place.work, `map${more.length}`), ...more])
      await running.untilStdout(/round 1: /)
      running.process.kill('SIGTERM')
      const {code, stdout, stderr} = await running.ended
      expect(code, stderr).toBe(0)
      return stdout + stderr
    }
    const names = /ghostly|[\w.]+@contoso\.com/
    const text = await said()
    expect(text).toContain('mapping file, line 2: MFA Server has no user [user]')
    expect(text).not.toMatch(names)
    expect(await said('--log-users')).toMatch(names)
  })

  it('a source in which nobody is fails the round, and half of the users are said to be missing', async () => {
    const users = await readFile(join(CONTOSO, 'users.csv'), 'utf8')
    const lines = users.split('\n')
    await place.file('cut/users.csv', `${lines[0] ?? ''}\n`)
    const words = ['--group', 'MFA early birds', '--source', 'cut', '--state', join(place.work, 'cut-state')]
    const running = place.start(['sync', 'run', ...words, '--interval', '1s'])
    await running.untilStdout(/round 1: SOURCE_EMPTY: the source can be read, and no user is in it\n/)
    await place.file('cut/users.csv', `${lines.slice(0, 3).join('\n')}\n`)
    await running.untilStdout(/round \d+: 6 users, .*, 4 without a server user, 0 failing/)
    running.process.kill('SIGTERM')
    expect((await running.ended).code).toBe(0)
  })

  it.each([
    [['sync', 'once'], 'give either --group or --all-users'],
    [['sync', 'once', '--group', 'MFA early birds', '--all-users'], 'give either --group or --all-users'],
    [['sync', 'run', ...GROUP, '--interval', 'soon'], '--interval: "soon" is no length of time'],
    [['sync', 'run', ...GROUP, '--interval', '30d'], '--interval: 30d is more than a week'],
    [['sync', 'run', ...GROUP, '--listen', 'here'], '--listen: "here" is no address with a port'],
    [['sync', 'service', '--format', 'systemd'], 'give either --group or --all-users'],
  ])('%j is a usage error', async (args, message) => {
    const {code, stderr} = await place.mfa(args)
    expect(code).toBe(64)
    expect(stderr).toContain(message)
  })

  it('service repeats what was typed, rules too, with absolute paths', async () => {
    const typed = ['--interval', '5m', '--default-method', 'always', '--no-promote-backup', '--log-users']
    const {stdout} = await place.mfa(['sync', 'service', '--format', 'windows-service', ...GROUP, ...typed])
    expect(stdout).toContain(
      `sync run --group &quot;MFA early birds&quot; --seed-file ${CONTOSO}/seeds.csv ${typed.join(' ')} --source ${CONTOSO} --tenant sandbox`,
    )
  })

  it('service says where the state is that machines share, and what a Windows machine calls a path', async () => {
    const words = ['sync', 'service', '--format', 'windows-service', '--all-users', '--source', 'C:\\export']
    const {stdout} = await place.mfa(words, {env: {MFA_STATE: 'postgres://mfa@db.contoso.com/mfa'}})
    expect(stdout).toContain('--source C:\\export --tenant sandbox --state postgres://mfa@db.contoso.com/mfa')
  })
})

async function untilStderr(running: ReturnType<Place['start']>, pattern: RegExp): Promise<string> {
  let text = ''
  running.process.stderr.on('data', (piece: string) => (text += piece))
  for (let tries = 0; tries < 100; tries++) {
    const found = pattern.exec(text)?.[1]
    if (found !== undefined) return found
    await sleep(50)
  }
  throw new Error(`not said: ${String(pattern)}:\n${text}`)
}
