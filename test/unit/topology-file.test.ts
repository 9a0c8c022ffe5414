import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {Ajv} from 'ajv'
import addFormats from 'ajv-formats'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {parse} from 'yaml'

import {parseTopology, readTopology} from '../../src/lib/config/topology-file.js'
import {topologyJsonSchema} from '../../src/lib/config/topology-schema.js'
import {MfaError} from '../../src/lib/errors/mfa-error.js'

const root = join(import.meta.dirname, '../..')

let folder: string
let good: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mfa-topology-'))
  good = await readFile(join(root, 'examples/topology/reference.yaml'), 'utf8')
})
afterAll(() => rm(folder, {recursive: true, force: true}))

async function faultOf(work: () => unknown): Promise<MfaError> {
  try {
    await work()
  } catch (error) {
    if (error instanceof MfaError) return error
    throw error
  }
  throw new Error('it was accepted')
}

const SMALL = `version: 1
name: small
oneWaySms: false
servers:
  - name: MFA1
    host: mfa1.contoso.com
    role: primary
    domain: contoso.com
replication:
  firewallBetweenServers: false
`

interface Bad {
  readonly what: string
  readonly text: string
  readonly says: readonly RegExp[]
}

const replaced = (from: string, to: string): string => {
  const text = SMALL.replace(from, to)
  if (text === SMALL) throw new Error(`${from} is not in the sample`)
  return text
}

const BAD: readonly Bad[] = [
  {what: 'an empty file', text: '', says: [/line 1: is empty/]},
  {what: 'comments only', text: '# later\n', says: [/line 1: is empty/]},
  {what: 'a list', text: '- one\n- two\n', says: [/line 1: is not a topology/]},
  {what: 'a text', text: 'servers\n', says: [/line 1: is not a topology/]},
  {
    what: 'an unknown key',
    text: replaced('    role: primary', '    rolle: primary'),
    says: [/line 7, field servers\[0\]\.rolle: is not a key/, /line 5, field servers\[0\]\.role: /],
  },
  {what: 'an unknown key at the top', text: `${SMALL}password: x\n`, says: [/line 11, field password: is not a key that is known here, and secrets do not belong in this file/]},
  {what: 'a wrong type', text: replaced('oneWaySms: false', 'oneWaySms: 3'), says: [/line 3, field oneWaySms: must be true or false/]},
  {what: 'yes for true', text: replaced('oneWaySms: false', 'oneWaySms: yes'), says: [/line 3, field oneWaySms: must be true or false \(not yes/]},
  {what: 'a missing key', text: replaced('oneWaySms: false\n', ''), says: [/line 1, field oneWaySms: is missing/]},
  {what: 'a server that is a text', text: replaced('servers:\n', 'servers:\n  - MFA0\n'), says: [/line 5, field servers\[0\]: must be a group of keys/]},
  {what: 'no server', text: SMALL.replace(/servers:[\s\S]+?(?=replication)/, 'servers: []\n'), says: [/line 4, field servers: must have at least one entry/]},
  {what: 'a wrong word', text: replaced('role: primary', 'role: master'), says: [/line 7, field servers\[0\]\.role: must be one of primary, subordinate/]},
  {what: 'a port out of range', text: replaced('role: primary', 'role: primary\n    staticPort: 70000'), says: [/line 8, field servers\[0\]\.staticPort: must be a port, 1 to 65535/]},
  {what: 'a port with quotes', text: replaced('role: primary', 'role: primary\n    staticPort: "4443"'), says: [/line 8, field servers\[0\]\.staticPort: must be a number \(without quotes/]},
  {what: 'a host with a blank', text: replaced('mfa1.contoso.com', 'mfa1 contoso'), says: [/line 6, field servers\[0\]\.host: must be a host name/]},
  {what: 'a host with a line of configuration', text: replaced('mfa1.contoso.com', '"mfa1;\\nlisten 80"'), says: [/line 6, field servers\[0\]\.host/]},
  {what: 'a port of another version', text: replaced('version: 1', 'version: 2'), says: [/line 1, field version: must be 1/]},
  {what: 'a name given twice', text: replaced('replication', '  - name: mfa1\n    host: mfa2.contoso.com\n    role: subordinate\n    domain: contoso.com\nreplication'), says: [/line 9, field servers\[1\]\.name: mfa1 is the name of something else too/]},
  {what: 'a name in capitals given twice, as it is written', text: replaced('replication', '  - name: Mfa1\n    host: mfa2.contoso.com\n    role: subordinate\n    domain: contoso.com\nreplication'), says: [/line 9, field servers\[1\]\.name: Mfa1 is the name of something else too/]},
  {what: 'a key given twice', text: replaced('    role: primary\n', '    role: primary\n    role: subordinate\n'), says: [/line 8: this key is there twice/]},
  {what: 'a tab', text: replaced('    role', '\trole'), says: [/line 7: a tab stands where YAML wants spaces/]},
  {what: 'an anchor and an alias', text: replaced('name: small', 'name: &n small').replace('host: mfa1.contoso.com', 'host: *n'), says: [/line 2: the anchor &n stands here/, /line 6: an alias/]},
  {what: 'an alias to nothing', text: replaced('name: small', 'name: *n'), says: [/line 2: an alias/]},
  {what: 'a bomb of aliases', text: `a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n`, says: [/line 1: the anchor &a/, /line 2: an alias/]},
  {what: 'a tag', text: replaced('name: small', 'name: !env HOME'), says: [/line 2: a tag/]},
  {what: 'a name of two lines', text: replaced('name: small', 'name: "small\\nfrontend other"'), says: [/line 2, field name: must be one line of text/]},
  {what: 'two documents', text: `${SMALL}---\n${SMALL}`, says: [/line 1[12]: a second document begins here/]},
  {what: 'an open bracket', text: replaced('name: small', 'name: [small'), says: [/line \d+: is not valid YAML/]},
  {what: 'a stray member', text: `${SMALL}balancedNames:\n  - name: a\n    host: a.contoso.com\n    services: [radius]\n    members: [MFA9]\n    sticky: none\n`, says: [/line 15, field balancedNames\[0\]\.members\[0\]: there is no machine called MFA9/]},
  {what: 'RADIUS and a web service under one name', text: `${SMALL}balancedNames:\n  - name: a\n    host: a.contoso.com\n    services: [radius, user-portal]\n    members: [MFA1]\n    sticky: none\n`, says: [/line 14, field balancedNames\[0\]\.services: radius is UDP/]},
  {what: 'a pattern that is none', text: `${SMALL}balancedNames:\n  - name: a\n    host: a.contoso.com\n    services: [user-portal]\n    members: [MFA1]\n    sticky: none\n    mark: {body: "("}\n`, says: [/line 17, field balancedNames\[0\]\.mark\.body: must be a regular expression/]},
  {what: 'a range that runs backwards', text: replaced('firewallBetweenServers: false', 'firewallBetweenServers: true\n  openPorts: [9-1]'), says: [/line 11, field replication\.openPorts\[0\]: 9-1 is no range/]},
  {what: 'a mapping as a key', text: `${SMALL}? {a: b}\n: c\n`, says: [/line 11: a key must be a plain text/]},
  {what: 'a prototype', text: `${SMALL}__proto__: {polluted: true}\n`, says: [/field __proto__: is not a key/]},
  {what: 'control characters', text: `${SMALL}"a\\eb": 1\n`, says: [/field a\\x1bb: is not a key/]},
] // prettier-ignore

describe('a bad topology', () => {
  it.each(BAD)('$what: exit 65 with file, line and field', async ({text, says}) => {
    const error = await faultOf(() => parseTopology(text, 'bad.yaml'))
    expect(error.exit).toBe('data')
    expect(error.message).toMatch(/^bad\.yaml/)
    for (const pattern of says) expect(error.message).toMatch(pattern)
    expect(error.message).not.toMatch(/\[object|undefined|Invalid input|NaN/)
    expect(error.fix).not.toBe('')
  })

  it.each([100, 400, 700, 750, 800, 1000, 3000, 50_000])('lists in each other, %i deep', async (depth) => {
    const text = replaced('role: primary', `role: ${'['.repeat(depth)}${']'.repeat(depth)}`)
    const {exit, message} = await faultOf(() => parseTopology(text, 'bad.yaml'))
    expect({exit, message}).toEqual({
      exit: 'data',
      message: expect.stringMatching(
        /^bad\.yaml, line 7(: is nested far deeper|, field servers\[0\]\.role: must be)/,
      ),
    })
  })

  it('tells every fault at once, by line', async () => {
    const text = good
      .replace('role: primary', 'role: boss')
      .replace('staticPort: 4443', 'staticPort: no')
      .replace('mode: manual', 'mode: maybe')
    const {message} = await faultOf(() => parseTopology(text, 'bad.yaml'))
    expect(message).toMatch(/^bad\.yaml has 3 faults:/)
    const lines = [...message.matchAll(/line (\d+)/g)].map(([, line]) => Number(line))
    expect(lines).toEqual(lines.toSorted((one, other) => one - other))
    expect(lines).toHaveLength(3)
  })

  it.each([
    ['a file that is not there', undefined, /there is no such file/],
    ['a huge file', 'x'.repeat(1024 * 1024 + 1), /has 1048577 bytes/],
    ['a binary file', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0xff]), /is not UTF-8 text/],
    ['text with a NUL', 'version: 1\0', /is not UTF-8 text/],
    ['UTF-16', Buffer.from('\uFEFFversion: 1', 'utf16le'), /is not UTF-8 text/],
  ] as const)('%s', async (name, content, says) => {
    const path = join(folder, `${name}.yaml`)
    if (content !== undefined) await writeFile(path, content)
    const error = await faultOf(() => readTopology(path))
    expect(error.exit).toBe('data')
    expect(error.message).toContain(path)
    expect(error.message).toMatch(says)
  })

  it('a folder', async () => {
    expect((await faultOf(() => readTopology(folder))).message).toMatch(/it is a folder/)
  })

  it('takes a byte order mark and Windows line ends', async () => {
    const path = join(folder, 'windows.yaml')
    await writeFile(path, `\uFEFF${good.replaceAll('\n', '\r\n')}`)
    expect((await readTopology(path)).topology.servers).toHaveLength(2)
  })
})

describe('the published schema', () => {
  it('is the one that the program checks with', async () => {
    const published: unknown = JSON.parse(
      await readFile(join(root, 'docs/schema/topology.schema.json'), 'utf8'),
    )
    expect(published).toEqual(topologyJsonSchema())
  })

  it('accepts the examples, and refuses what the program refuses for its shape', async () => {
    const ajv = new Ajv({strict: false})
    addFormats.default(ajv)
    const validate = ajv.compile(topologyJsonSchema())
    for (const name of ['reference.yaml', 'migration-server.yaml']) {
      const text = await readFile(join(root, 'examples/topology', name), 'utf8')
      expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true)
    }
    expect(validate(parse(replaced('role: primary', 'role: master')))).toBe(false)
    expect(validate(parse(`${SMALL}extra: 1\n`))).toBe(false)
  })

  it('explains every key of a server for an editor', () => {
    const schema = JSON.stringify(topologyJsonSchema())
    for (const word of ['H1', 'H4', 'H5', 'H14']) expect(schema).toContain(word)
  })
})
