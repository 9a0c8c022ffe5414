import {XMLParser} from 'fast-xml-parser'
import * as http from 'node:http'
import * as https from 'node:https'
import type {AddressInfo} from 'node:net'
import {NAMESPACE, offered, pfWsdl, typeFields, type WsdlOptions} from './pf-wsdl.js'

/** A record as the server holds it; element name → text. */
export interface PfUser {
  readonly username: string
  readonly settings?: Readonly<Record<string, string>>
  readonly devices?: readonly Readonly<Record<string, string>>[]
}

export type PfFilter = 'prefix' | 'substring' | 'glob' | 'like' | 'ignored' | 'exact'

/** What goes wrong with one request. `cut` breaks the connection in the middle of the answer. */
export type PfFault =
  | {
      readonly kind: 'status'
      readonly status: number
      readonly body?: string
      readonly headers?: Readonly<Record<string, string>>
    }
  | {readonly kind: 'fault'; readonly text: string}
  | {readonly kind: 'reset' | 'cut' | 'silent'}
  | {readonly kind: 'body'; readonly body: string; readonly contentType?: string}

export interface PfServerOptions extends Partial<WsdlOptions> {
  readonly filter?: PfFilter
  readonly caseSensitive?: boolean
  /** A backslash in the filter says that the next character stands for itself. */
  readonly escapes?: boolean
  /** Rows that the server gives at most, whatever is asked for. */
  readonly cap?: number
  /** A capped answer says that it is complete. */
  readonly lies?: boolean
  readonly basic?: {readonly username: string; readonly password: string}
  readonly tls?: {readonly key: string; readonly cert: string; readonly clientCa?: string}
  /** On success: no error element, or one with Code 0. */
  readonly error?: 'absent' | 'zero'
  /** Text filters that are left out find nobody. */
  readonly needsBlankFilters?: boolean
  readonly order?: 'as-given' | 'scrambled'
  /** How values stand in the XML. */
  readonly write?: (text: string) => string
  /** What TestMasterConnection says; true unless set. */
  readonly reachesPrimary?: boolean
  /** Header that tells this server from others, with every answer that is none of a fault. */
  readonly mark?: {readonly name: string; readonly value: string}
  /** What the server is set to; see PF_SETTINGS. */
  readonly settings?: Partial<PfSettings>
  /** Asked for each request. */
  readonly fault?: (call: PfCall) => PfFault | undefined
}

export interface PfCall {
  readonly operation: string
  readonly args: Readonly<Record<string, string>>
  /** 1 for the first request of this operation with these arguments. */
  readonly time: number
}

export interface PfServer {
  readonly url: string
  readonly calls: readonly PfCall[]
  /** May be changed while the server runs. */
  users: readonly PfUser[]
  close(): Promise<void>
}

/** An ASMX-like MFA Server SDK on loopback. */
export async function startPfServer(
  users: readonly PfUser[],
  options: PfServerOptions = {},
): Promise<PfServer> {
  const wsdl: WsdlOptions = {
    version: options.version ?? 3,
    without: options.without ?? [],
    rowItem: options.rowItem ?? 'UserRow',
    richRows: options.richRows ?? false,
  }
  const calls: PfCall[] = []
  const times = new Map<string, number>()
  const inOrder = (all: readonly PfUser[]): readonly PfUser[] =>
    options.order === 'scrambled'
      ? all.toSorted((one, other) => scramble(one.username) - scramble(other.username))
      : all
  const state = {users: inOrder(users)}
  const handle = (request: http.IncomingMessage, response: http.ServerResponse, body: string): void => {
    if (options.mark !== undefined) response.setHeader(options.mark.name, options.mark.value)
    const {basic} = options
    const expected = basic && `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString('base64')}`
    if (expected !== undefined && request.headers.authorization !== expected) {
      response
        .writeHead(401, {'www-authenticate': 'Basic realm="mfa"', 'content-type': 'text/html'})
        .end('<html></html>')
      return
    }
    const call = callOf(request, body, times)
    if (call === undefined)
      return soapFault(response, 'Server did not recognize the value of HTTP Header SOAPAction.')
    calls.push(call)
    const fault = options.fault?.(call)
    if (fault !== undefined && misbehave(fault, response)) return
    const cut = fault?.kind === 'cut'
    if (call.operation === '?wsdl') return send(response, pfWsdl(url, wsdl), cut)
    if (!offered(wsdl).some(({name}) => name === call.operation)) {
      return soapFault(response, 'Server did not recognize the value of HTTP Header SOAPAction.')
    }
    const inner = answer(call, state.users, options, wsdl)
    send(
      response,
      envelope(`<${call.operation}Response xmlns="${NAMESPACE}">${inner}</${call.operation}Response>`),
      cut,
    )
  }
  const listener = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => handle(request, response, Buffer.concat(pieces).toString('utf8')))
  }
  const {tls} = options
  const server = tls
    ? https.createServer(
        {
          key: tls.key,
          cert: tls.cert,
          ...(tls.clientCa && {ca: tls.clientCa, requestCert: true, rejectUnauthorized: true}),
        },
        listener,
      )
    : http.createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const {port} = server.address() as AddressInfo
  const url = `${tls ? 'https://localhost' : 'http://127.0.0.1'}:${port}/MultiFactorAuthWebServiceSdk/PfWsSdk.asmx`
  return {
    url,
    calls,
    get users() {
      return state.users
    },
    set users(value) {
      state.users = inOrder(value)
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const PARSER = new XMLParser({
  parseTagValue: false,
  trimValues: false,
  removeNSPrefix: true,
  processEntities: false,
})
const NAMED: Readonly<Record<string, string>> = {amp: '&', lt: '<', gt: '>', quot: '"', apos: "'"}

/** The parser's own decoding loses control characters. */
function decode(text: string): string {
  return text.replaceAll(/&(?:#x([\da-f]+)|(\w+));/g, (_, hex: string | undefined, name: string) =>
    hex === undefined ? (NAMED[name] ?? '') : String.fromCodePoint(Number.parseInt(hex, 16)),
  )
}

function callOf(request: http.IncomingMessage, body: string, times: Map<string, number>): PfCall | undefined {
  const count = (operation: string, args: Record<string, string>): PfCall => {
    const key = JSON.stringify([operation, args])
    times.set(key, (times.get(key) ?? 0) + 1)
    return {operation, args, time: times.get(key) ?? 1}
  }
  if (request.method === 'GET')
    return request.url?.toLowerCase().endsWith('?wsdl') ? count('?wsdl', {}) : undefined
  const action = /^"http:\/\/www\.phonefactor\.com\/PfWsSdk\/(\w+)"$/.exec(
    String(request.headers['soapaction']),
  )?.[1]
  if (action === undefined || !request.headers['content-type']?.startsWith('text/xml')) return undefined
  const parsed = PARSER.parse(body) as {Envelope?: {Body?: Record<string, Record<string, string> | string>}}
  const args = parsed.Envelope?.Body?.[action]
  if (args === undefined || !body.includes(`<${action} xmlns="${NAMESPACE}"`)) return undefined
  if (typeof args === 'string') return count(action, {})
  return count(action, Object.fromEntries(Object.entries(args).map(([name, text]) => [name, decode(text)])))
}

/** True where nothing else is to be sent. */
function misbehave(fault: PfFault, response: http.ServerResponse): boolean {
  if (fault.kind === 'status') {
    response
      .writeHead(fault.status, {'content-type': 'text/html', ...fault.headers})
      .end(fault.body ?? '<html>no</html>')
  } else if (fault.kind === 'fault') soapFault(response, fault.text)
  else if (fault.kind === 'reset') response.destroy()
  else if (fault.kind === 'body')
    response.writeHead(200, {'content-type': fault.contentType ?? 'text/xml; charset=utf-8'}).end(fault.body)
  return fault.kind !== 'cut'
}

function send(response: http.ServerResponse, text: string, cut: boolean): void {
  const bytes = Buffer.from(text, 'utf8')
  response.writeHead(200, {
    'content-type': 'text/xml; charset=utf-8',
    'content-length': bytes.length,
    server: 'Microsoft-IIS/8.5',
    'x-aspnet-version': '4.0.30319',
    'x-powered-by': 'ASP.NET',
  })
  if (!cut) return void response.end(bytes)
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy())
}

function soapFault(response: http.ServerResponse, text: string): void {
  response
    .writeHead(500, {'content-type': 'text/xml; charset=utf-8'})
    .end(
      envelope(
        `<soap:Fault><faultcode>soap:Server</faultcode><faultstring>${escape(text)}</faultstring><detail /></soap:Fault>`,
      ),
    )
}

function envelope(body: string): string {
  return `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>${body}</soap:Body></soap:Envelope>`
}

function answer(call: PfCall, users: readonly PfUser[], options: PfServerOptions, wsdl: WsdlOptions): string {
  const {operation, args} = call
  const write = options.write ?? escape
  if (operation === 'TestMasterConnection') {
    const reaches = options.reachesPrimary ?? true
    const no = '<error><Code>2</Code><Description>The master cannot be reached.</Description></error>'
    return `<TestMasterConnectionResult>${reaches}</TestMasterConnectionResult>${reaches ? '' : no}`
  }
  const error = options.error === 'zero' ? '<error><Code>0</Code><Description /></error>' : ''
  if (operation === 'TestSecurity') return '<TestSecurityResult>CONTOSO\\svc-mfa</TestSecurityResult>'
  const result = (yes: boolean, rest = ''): string => `<${operation}Result>${yes}</${operation}Result>${rest}`
  if (operation.startsWith('FindUsers')) {
    const {rows, complete} = find(args, users, options)
    const xml = rows.map((user) => {
      const values: Record<string, string> = {...user.settings, Username: user.username}
      return `<${wsdl.rowItem}>${fieldsXml(typeFields('UserRow', wsdl), values, write)}</${wsdl.rowItem}>`
    })
    return result(
      true,
      `<userRows>${xml.join('')}</userRows><resultsComplete>${complete}</resultsComplete>${error}`,
    )
  }
  const settings = settingsXml(operation, {...PF_SETTINGS, ...options.settings}, wsdl, write)
  if (settings !== undefined) return result(true, settings + error)
  const name = args['username'] ?? ''
  const same = (one: PfUser): boolean => one.username.toLowerCase() === name.toLowerCase()
  const user = users.find(({username}) => username === name) ?? users.find(same)
  if (user === undefined)
    return result(false, '<error><Code>10</Code><Description>User not found.</Description></error>')
  if (operation === 'CanonicalizeUser') {
    return result(true, `<canonicalUsername>${write(user.username)}</canonicalUsername>${error}`)
  }
  if (operation === 'UserExists') return result(true, error)
  if (operation === 'GetUserDevices') {
    const xml = (user.devices ?? []).map(
      (device) => `<UserDevice>${fieldsXml(typeFields('UserDevice', wsdl), device, write)}</UserDevice>`,
    )
    return result(true, `<userDevices>${xml.join('')}</userDevices>${error}`)
  }
  const version = /(\d*)$/.exec(operation)?.[1] || ''
  const type = `UserSettings${version === '5' ? '4' : version}`
  return result(
    true,
    `<userSettings>${fieldsXml(typeFields(type, wsdl), {...DEFAULTS, ...user.settings}, write)}</userSettings>${error}`,
  )
}

/** Settings of the server as a whole; element name → text. */
export interface PfSettings {
  readonly customerDefaults: Readonly<Record<string, string>>
  readonly userPortalSettings: Readonly<Record<string, string>>
  readonly adfsSettings: Readonly<Record<string, string>>
  readonly features: Readonly<Record<string, string>>
  readonly whitelist: readonly Readonly<Record<string, string>>[]
}

/** A server on which little has ever been switched on. */
export const PF_SETTINGS: PfSettings = {
  customerDefaults: {Mode: 'voiceCall', PinMode: 'standard', SmsDirection: 'oneWay', SmsMode: 'otp', PhoneAppMode: 'standard'},
  userPortalSettings: {AllowUserLogIn: 'false', UsersCanSwitchMode: 'false', DeviceLimit: '5', SessionTimeoutMinutes: '10'},
  adfsSettings: {},
  features: {UserPortal: 'true', Sms: 'true', PhoneApp: 'true', Adfs: 'true'},
  whitelist: [],
} // prettier-ignore

/** Flags that are not given are false, as ASMX writes them all. */
function settingsXml(
  operation: string,
  settings: PfSettings,
  wsdl: WsdlOptions,
  write: (text: string) => string,
): string | undefined {
  const record = (element: string, type: string, values: Readonly<Record<string, string>>): string => {
    const names = typeFields(type, wsdl)
    const flags = Object.fromEntries(
      names
        .filter((name) => /^(Allow|Prompt|Users?Can|Enable|Use)/.test(name))
        .map((name) => [name, 'false']),
    )
    return `<${element}>${fieldsXml(names, {...flags, ...values}, write)}</${element}>`
  }
  if (operation.startsWith('GetCustomerDefaults'))
    return record('customerDefaults', 'CustomerDefaults3', settings.customerDefaults)
  switch (operation) {
    case 'GetUserPortalSettings':
      return record('userPortalSettings', 'UserPortalSettings', settings.userPortalSettings)
    case 'GetAdfsSettings':
      return record('adfsSettings', 'AdfsSettings', settings.adfsSettings)
    case 'GetFeatures':
      return record('features', 'Features', settings.features)
    case 'GetUserPortalWhitelistIps': {
      const items = settings.whitelist.map(
        (ip) =>
          `<UserPortalWhitelistIp>${fieldsXml(typeFields('UserPortalWhitelistIp', wsdl), ip, write)}</UserPortalWhitelistIp>`,
      )
      return `<userPortalWhitelistIps>${items.join('')}</userPortalWhitelistIps>`
    }
    default:
      return undefined
  }
}

/** Text that must never come out of the parser. */
export const PF_SECRETS = ['PIN-8642', 'OLDPIN-1357', 'STATIC-9753', 'RESCUE-2468'] as const

const DEFAULTS: Readonly<Record<string, string>> = {
  Mode: 'voiceCall', PinMode: 'standard', SmsDirection: 'twoWay', SmsMode: 'otp', PhoneAppMode: 'standard',
  Pin: PF_SECRETS[0], PinFormat: 'plain', SecondsSincePinChange: '12.5', Enabled: 'true', PinChangeRequired: 'false',
  DisabledBehavior: 'fail', EnableGlobalServices: 'true', HistoricalPinValues: PF_SECRETS[1], OathTokenExists: 'false',
  OathTokenTimeInterval: '0', EnableStaticToken: 'true', StaticToken: PF_SECRETS[2], PhoneAppActivated: 'false',
  LastModified: '0001-01-01T00:00:00', RescuePhrase: PF_SECRETS[3],
} // prettier-ignore

function fieldsXml(
  names: readonly string[],
  values: Readonly<Record<string, string>>,
  write: (text: string) => string,
): string {
  return names
    .map((name) => (values[name] === undefined ? '' : `<${name}>${write(values[name])}</${name}>`))
    .join('')
}

function find(
  args: Readonly<Record<string, string>>,
  users: readonly PfUser[],
  options: PfServerOptions,
): {rows: readonly PfUser[]; complete: boolean} {
  if (options.needsBlankFilters && args['usernameFilter'] === undefined) return {rows: [], complete: true}
  const matches = nameTest(args['usernameFilter'] ?? '', options)
  const value = (user: PfUser, name: string): string => user.settings?.[name] ?? DEFAULTS[name] ?? ''
  const rows = users.filter(
    (user) =>
      matches(user.username) &&
      (args['enabledSpecified'] !== 'true' || value(user, 'Enabled') === args['enabledFilter']) &&
      (args['modeSpecified'] !== 'true' || value(user, 'Mode') === args['modeFilter']),
  )
  const limit = Math.min(Number(args['resultLimit']), options.cap ?? Number.POSITIVE_INFINITY)
  return {rows: rows.slice(0, limit), complete: rows.length <= limit || options.lies === true}
}

function scramble(text: string): number {
  let hash = 7
  for (const char of text) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 1_000_003
  return hash
}

function nameTest(
  filter: string,
  {filter: kind = 'prefix', caseSensitive = false, escapes = false}: PfServerOptions,
): (name: string) => boolean {
  const same = caseSensitive ? (text: string): string => text : (text: string): string => text.toLowerCase()
  // Each character with whether it is meant as itself.
  const parts = [...same(filter).matchAll(escapes ? /\\([^])|([^])/gu : /()([^])/gu)].map(
    ([, escaped, char]): [string, boolean] => [escaped || (char ?? ''), Boolean(escaped)],
  )
  const wanted = parts.map(([char]) => char).join('')
  if (filter === '' || kind === 'ignored') return () => true
  if (kind === 'prefix') return (name) => same(name).startsWith(wanted)
  if (kind === 'substring') return (name) => same(name).includes(wanted)
  if (kind === 'exact') return (name) => same(name) === wanted
  const [many, one] = kind === 'glob' ? ['*', '?'] : ['%', '_']
  const source = parts
    .map(([char, itself]) =>
      !itself && char === many
        ? '[^]*'
        : !itself && char === one
          ? '[^]'
          : char.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&'),
    )
    .join('')
  const pattern = new RegExp(`^${source}$`, 'u')
  return (name) => pattern.test(same(name))
}

function escape(text: string): string {
  return text.replaceAll(
    /[&<>\r]/g,
    (char) => ({'&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#xD;'})[char] ?? char,
  )
}
