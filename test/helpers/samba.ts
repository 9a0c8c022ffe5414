import {type ChildProcess, execFile, spawn} from 'node:child_process'
import {accessSync, constants} from 'node:fs'
import {cp, mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {connect} from 'node:net'
import {tmpdir} from 'node:os'
import {delimiter, join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {promisify} from 'node:util'

const run = promisify(execFile)

/** Where Debian puts what only root calls. */
const PATH = `${process.env['PATH']}${delimiter}/usr/sbin${delimiter}/sbin`
const TOOLS = ['samba', 'samba-tool', 'ldbadd', 'ldbmodify', 'ldbsearch', 'openssl']

/** Why there can be no domain here; undefined if there can. */
export function noSamba(): string | undefined {
  const missing = TOOLS.filter((tool) => !PATH.split(delimiter).some((folder) => isFile(join(folder, tool))))
  if (missing.length > 0) return `not installed: ${missing.join(', ')}`
  return process.getuid?.() === 0 ? undefined : 'Samba needs root for the ports 389 and 636'
}

export interface DomainName {
  /** DNS name. */
  readonly dns: string
  readonly base: string
  readonly netbios: string
}

/** The NetBIOS name is not the first label of the DNS name: NetBIOS names have to be read. */
const CORP: DomainName = {dns: 'corp.example.com', base: 'DC=corp,DC=example,DC=com', netbios: 'CONTOSO'}
export const BASE = CORP.base
export const READER = {username: `svc-mfa@corp.example.com`, password: 'Invented-Pass-0123!'}

/** An Active Directory domain of Samba; its data can serve several domain controllers, each at a loopback address. */
export interface Domain {
  readonly folder: string
  /** PEM of the CA that issued the controllers' certificates. */
  readonly ca: string
  /** objectSid by common name, as Samba's own tool shows it. */
  readonly sids: ReadonlyMap<string, string>
  /** Starts a controller with a copy of the data. */
  start(address: string): Promise<Controller>
  remove(): Promise<void>
}

export interface Controller {
  readonly ldaps: string
  readonly startTls: string
  stop(): Promise<void>
}

/** Addresses below 127/8 that no other test process uses, since LDAP's ports are fixed. */
export const loopback = (last: number): string =>
  `127.${20 + (process.pid % 200)}.${(process.pid >> 8) % 250}.${last}`

/**
 * Sets up a domain with these entries (LDIF without changetype), an account to read with, the attribute
 * extensionAttribute1, and certificates for the addresses. Takes 5 to 15 seconds.
 */
export async function newDomain(
  entries: string,
  addresses: readonly string[],
  name: DomainName = CORP,
): Promise<Domain> {
  const folder = await mkdtemp(join(tmpdir(), 'mfa-samba-'))
  try {
    return await domainIn(folder, entries, addresses, name)
  } catch (error) {
    await rm(folder, {recursive: true, force: true})
    throw error
  }
}

async function domainIn(
  folder: string,
  entries: string,
  addresses: readonly string[],
  {dns, base, netbios}: DomainName,
): Promise<Domain> {
  const data = join(folder, 'dc')
  await mkdir(join(data, 'tls'), {recursive: true})
  const empty = join(folder, 'empty.conf')
  await writeFile(empty, '[global]\n')
  await tool('samba-tool', [
    'domain',
    'provision',
    '-s',
    empty,
    `--targetdir=${data}`,
    '--use-rfc2307',
    `--realm=${dns.toUpperCase()}`,
    `--domain=${netbios}`,
    '--host-name=dc1',
    '--host-ip=127.0.0.1',
    '--server-role=dc',
    '--dns-backend=NONE',
    `--adminpass=${READER.password}`,
    '--option=interfaces=lo',
    '--option=bind interfaces only=yes',
  ])
  const database = ['--configfile', join(data, 'etc/smb.conf'), '-H', join(data, 'private/sam.ldb')]
  const schema = '--option=dsdb:schema update allowed=true'
  for (const [name, text] of Object.entries(schemaOf(base))) {
    const file = join(folder, `${name}.ldif`)
    await writeFile(file, text)
    await tool('ldbmodify', [...database, schema, file])
  }
  const file = join(folder, 'entries.ldif')
  await writeFile(file, entries)
  // Relaxed: only the domain itself may otherwise add to the list of domains.
  await tool('ldbadd', [...database, '--relax', file])
  const [account = ''] = READER.username.split('@')
  await tool('samba-tool', [
    'user',
    'create',
    account,
    READER.password,
    '-s',
    join(data, 'etc/smb.conf'),
    '-H',
    join(data, 'private/sam.ldb'),
  ])
  // The account has one name wherever it signs in, as in a forest of several domains.
  const rename = join(folder, 'reader.ldif')
  await writeFile(
    rename,
    `dn: CN=${account},CN=Users,${base}\nchangetype: modify\nreplace: userPrincipalName\nuserPrincipalName: ${READER.username}\n`,
  )
  await tool('ldbmodify', [...database, rename])
  const {stdout} = await tool('ldbsearch', [...database, '(objectClass=user)', 'cn', 'objectSid'])
  const ca = await certificates(join(data, 'tls'), addresses)
  const copies: Controller[] = []
  return {
    folder,
    ca,
    sids: new Map(
      [...stdout.matchAll(/^cn: (.*)\nobjectSid: (.*)$/gm)].map(([, cn = '', sid = '']) => [cn, sid]),
    ),
    async start(address) {
      const copy = join(folder, `at-${address}`)
      await cp(data, copy, {recursive: true, force: true})
      const config = join(copy, 'etc/smb.conf')
      await writeFile(config, (await readFile(config, 'utf8')).replaceAll(data, copy))
      const controller = await startController(copy, address)
      copies.push(controller)
      return controller
    },
    async remove() {
      for (const copy of copies) await copy.stop()
      await rm(folder, {recursive: true, force: true})
    },
  }
}

async function startController(folder: string, address: string): Promise<Controller> {
  const runFolder = join(folder, 'run')
  await mkdir(join(runFolder, 'ncalrpc'), {recursive: true})
  const options = {
    interfaces: `${address}/8`,
    'bind interfaces only': 'yes',
    'server services': 'ldap',
    'dcerpc endpoint servers': '-',
    'disable netbios': 'yes',
    'pid directory': runFolder,
    'ncalrpc dir': join(runFolder, 'ncalrpc'),
    'ntp signd socket directory': join(runFolder, 'ntp'),
    'winbindd socket directory': join(runFolder, 'wb'),
    'tls enabled': 'yes',
    'tls keyfile': join(folder, 'tls/dc.key'),
    'tls certfile': join(folder, 'tls/dc.crt'),
    'tls cafile': join(folder, 'tls/ca.crt'),
  }
  const child = spawn(
    'samba',
    [
      '-F',
      '--no-process-group',
      '-M',
      'single',
      '-s',
      join(folder, 'etc/smb.conf'),
      '--debug-stdout',
      ...Object.entries(options).map(([name, value]) => `--option=${name}=${value}`),
    ],
    {env: {...process.env, PATH}, stdio: 'ignore', cwd: folder},
  )
  await Promise.all([listening(child, address, 636), listening(child, address, 389)])
  return {
    ldaps: `ldaps://${address}:636`,
    startTls: `ldap://${address}:389`,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function listening(child: ChildProcess, address: string, port: number): Promise<void> {
  for (let tried = 0; tried < 300; tried++) {
    if (child.exitCode !== null) throw new Error(`samba ended with ${child.exitCode}`)
    if (await canConnect(address, port)) return
    await sleep(100)
  }
  throw new Error(`samba does not listen at ${address}:${port}`)
}

function canConnect(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address)
    const done = (can: boolean) => {
      socket.destroy()
      resolve(can)
    }
    socket.once('connect', () => done(true))
    socket.once('error', () => done(false))
  })
}

/** A CA, and a certificate for `dc1.corp.example.com` and the addresses. */
async function certificates(folder: string, addresses: readonly string[]): Promise<string> {
  const path = (name: string) => join(folder, name)
  const names = [`DNS:dc1.corp.example.com`, 'DNS:localhost', ...addresses.map((each) => `IP:${each}`)]
  await writeFile(path('ext'), `subjectAltName=${names.join(',')}\nextendedKeyUsage=serverAuth\n`)
  const key = ['-newkey', 'rsa:2048', '-nodes']
  await tool('openssl', [
    'req',
    '-x509',
    ...key,
    '-keyout',
    path('ca.key'),
    '-out',
    path('ca.crt'),
    '-days',
    '30',
    '-subj',
    '/CN=Test CA',
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign',
  ])
  await tool('openssl', [
    'req',
    ...key,
    '-keyout',
    path('dc.key'),
    '-out',
    path('dc.csr'),
    '-subj',
    '/CN=dc1.corp.example.com',
  ])
  await tool('openssl', [
    'x509',
    '-req',
    '-in',
    path('dc.csr'),
    '-CA',
    path('ca.crt'),
    '-CAkey',
    path('ca.key'),
    '-CAcreateserial',
    '-days',
    '30',
    '-extfile',
    path('ext'),
    '-out',
    path('dc.crt'),
  ])
  return path('ca.crt')
}

function tool(name: string, args: readonly string[]) {
  return run(name, [...args], {env: {...process.env, PATH}})
}

function isFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Exchange brings the attribute; here the schema gets it by hand. Same ids as Exchange's. */
const schemaOf = (base: string) => ({
  attribute: `dn: CN=ms-Exch-Extension-Attribute-1,CN=Schema,CN=Configuration,${base}
changetype: add
objectClass: top
objectClass: attributeSchema
cn: ms-Exch-Extension-Attribute-1
lDAPDisplayName: extensionAttribute1
attributeID: 1.2.840.113556.1.2.423
attributeSyntax: 2.5.5.12
oMSyntax: 64
isSingleValued: TRUE
rangeLower: 1
rangeUpper: 1024
searchFlags: 1
isMemberOfPartialAttributeSet: TRUE
`,
  class: `dn: CN=User,CN=Schema,CN=Configuration,${base}
changetype: modify
add: mayContain
mayContain: extensionAttribute1
`,
})
