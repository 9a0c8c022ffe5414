import {dirname, resolve} from 'node:path'
import {CLOUD_NAMES, type CloudName} from '../model/cloud.js'
import {address} from './parse-address.js'
import {problem, type Parsed} from './parsed.js'
import type {SourceLocation, StateLocation} from './settings.js'

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i
const NETBIOS = /^[^\s\\/:*?"<>|.=]{1,15}$/

/** Codes that Intl can name and that have no phone numbers of their own: withdrawn, pseudo, or nobody lives there. */
const WITHOUT_PHONES: ReadonlySet<string> = new Set(
  (
    'AN AQ BU BV CP CQ CS DD DG DY EA EU EZ FX GS HM HV IC NH PN QO RH SU TF TP UK UM UN ' +
    'VD XA XB YD YU ZR ZZ'
  ).split(' '),
)

/** For messages: control characters out, not too long. Only for values that cannot hold a secret. */
export const quoted = (text: string): string =>
  `"${text.slice(0, 60).replace(/\p{Cc}/gu, '?')}${text.length > 60 ? '…' : ''}"`

export function tenant(text: string): Parsed<string> {
  const value = text.toLowerCase()
  if (['common', 'organizations', 'consumers'].includes(value))
    return problem(`${quoted(text)} names no tenant`, 'Give a tenant id, a domain of the tenant, or sandbox.')
  if (value === 'sandbox' || GUID.test(value) || DOMAIN.test(value)) return {value}
  return problem(
    `${quoted(text)} is neither a tenant id nor a domain`,
    'Give a tenant id (a GUID), a domain such as contoso.onmicrosoft.com, or sandbox.',
  )
}

export function cloudName(text: string): Parsed<CloudName> {
  const value = CLOUD_NAMES.find((name) => name === text.toLowerCase())
  return value === undefined
    ? problem(`${quoted(text)} is not a cloud`, `Choose one of ${CLOUD_NAMES.join(', ')}.`)
    : {value}
}

export function clientId(text: string): Parsed<string> {
  return GUID.test(text)
    ? {value: text.toLowerCase()}
    : problem(
        `${quoted(text)} is not an application (client) id`,
        'Copy the GUID from the app registration’s overview page.',
      )
}

/** Whatever the directory calls an object: opaque, so only what could not stand in an address is refused. */
export function objectId(text: string): Parsed<string> {
  return /^[^\s\p{Cc}/?#]{1,128}$/u.test(text)
    ? {value: text}
    : problem(`${quoted(text)} is not an object id`, 'Copy it from the app registration’s overview page.')
}

/** One of a few words, spelled as they are. */
export const oneOf =
  <T extends string>(...words: readonly T[]) =>
  (text: string): Parsed<T> => {
    const value = words.find((word) => word === text)
    return value === undefined
      ? problem(`${quoted(text)} is not known here`, `Choose one of ${words.join(', ')}.`)
      : {value}
  }

export function yesOrNo(text: string): Parsed<boolean> {
  if (/^(1|true|yes|on)$/i.test(text)) return {value: true}
  if (/^(0|false|no|off)$/i.test(text)) return {value: false}
  return problem(`${quoted(text)} is neither yes nor no`, 'Set it to 1 or 0.')
}

export const file = (text: string, base: string): Parsed<string> => ({value: resolve(base, text)})

export function files(paths: readonly string[], base: string): Parsed<readonly string[]> {
  return paths.some((path) => path.trim() === '')
    ? problem('is empty', 'Name a file, or leave it out.')
    : {value: paths.map((path) => resolve(base, path))}
}

export function source(text: string, base: string): Parsed<SourceLocation> {
  if (!/^(https?:|[a-z][a-z0-9+.-]+:\/\/)/i.test(text))
    return {value: {kind: 'bundle', folder: resolve(base, text), label: text}}
  const checked = address(text)
  return 'problem' in checked
    ? checked
    : {value: {kind: 'web-service-sdk', url: checked.value.href, label: text}}
}

/**
 * Addresses of domain controllers; each once. `ldap://` is raised to TLS before anything is said. Of a wrong one no more
 * than scheme, host and port are repeated, since the rest may be a password.
 */
export function adUrls(texts: readonly string[]): Parsed<readonly string[]> {
  const fix = 'Give addresses such as ldaps://dc1.contoso.com, or ldap://dc1.contoso.com for StartTLS.'
  const urls = new Set<string>()
  for (const text of texts) {
    const url = URL.parse(text.trim())
    const shown = quoted(withoutSecrets(text.trim()))
    if (url === null || !/^ldaps?:$/.test(url.protocol) || url.hostname === '')
      return problem(`${shown} is not the address of a domain controller`, fix)
    if (url.username !== '' || url.password !== '')
      return problem(
        `${shown} has a user name or password in it`,
        'Set MFA_AD_USERNAME and MFA_AD_PASSWORD instead.',
      )
    if (!/^\/?$/.test(url.pathname) || url.search !== '' || url.hash !== '')
      return problem(`${shown} has more than host and port in it`, 'Give the base with --ad-base.')
    const port = url.port === '' ? (url.protocol === 'ldaps:' ? '636' : '389') : url.port
    if (url.protocol === 'ldap:' && (port === '636' || port === '3269'))
      return problem(
        `${shown} uses ldap:// with port ${port}, which speaks TLS from the start`,
        'Write ldaps:// there.',
      )
    urls.add(`${url.protocol}//${url.hostname.toLowerCase()}:${port}`)
  }
  return urls.size === 0 ? problem('is empty', fix) : {value: [...urls]}
}

/** Scheme, host and port of what may be an address; `…` for the rest. */
function withoutSecrets(text: string): string {
  const [all = '', scheme = '', user = '', host = '', port = ''] =
    /^([a-z][a-z0-9+.-]*:\/\/)?(.*@)?(\[[0-9a-f:.]*\]|[^/:@?#]*)(:\d+)?/is.exec(text) ?? []
  const more = text.slice(all.length).replace(/^\/$/, '') === '' ? '' : '…'
  return `${scheme}${user === '' ? '' : '…@'}${host}${port}${more}`
}

/** LDAP name of an attribute. */
export function attribute(text: string): Parsed<string> {
  return /^[a-z][a-z0-9-]{0,255}$/i.test(text)
    ? {value: text}
    : problem(
        `${quoted(text)} is not the name of an attribute`,
        'Give its LDAP name, such as mail, employeeID or extensionAttribute1.',
      )
}

export function state(text: string, base: string): Parsed<StateLocation> {
  if (/^postgres(ql)?:/i.test(text)) {
    // What stands before the @ may be a secret: it is never repeated.
    if (/^postgres(ql)?:\/\/[^/?#]*:[^/?#]*@/i.test(text))
      return problem(
        'has a password in the address, where others can read it',
        'Take it out, and set PGPASSWORD or use a passfile.',
      )
    return {value: {kind: 'postgres', address: text, folder: ''}}
  }
  const sqlite = /^sqlite:(.*)$/is.exec(text)?.[1]
  if (sqlite === '') return problem('names no file after sqlite:', 'Give sqlite:FILE, or a folder.')
  if (sqlite !== undefined) {
    const path = resolve(base, sqlite)
    return {value: {kind: 'sqlite', folder: dirname(path), file: path}}
  }
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(text))
    return problem('is an address of a kind that is not known', 'Give a folder, sqlite:FILE, or postgres://…')
  return {value: {kind: 'folder', folder: resolve(base, text)}}
}

export function country(text: string): Parsed<string> {
  const value = text.toUpperCase()
  const fix = 'Give the two letters of ISO 3166, such as US, GB or DE.'
  if (value === 'UK') return problem('UK is not the code of a country', 'Give GB for the United Kingdom.')
  if (!/^[A-Z]{2}$/.test(value)) return problem(`${quoted(text)} is not a country code`, fix)
  const known = new Intl.DisplayNames('en', {type: 'region', fallback: 'none'}).of(value)
  return known === undefined || WITHOUT_PHONES.has(value)
    ? problem(`${quoted(text)} is not the code of a country`, fix)
    : {value}
}

export function domainOrNetbios(text: string): Parsed<string> {
  return DOMAIN.test(text) || NETBIOS.test(text)
    ? {value: text}
    : problem(`${quoted(text)} is no domain name`, 'Give a DNS or NetBIOS domain name.')
}

/** `NAME=domain`, any number of them. */
export function netbios(entries: readonly string[]): Parsed<Readonly<Record<string, string>>> {
  const map: Record<string, string> = {}
  for (const entry of entries) {
    const [name = '', domain = '', ...rest] = entry.split('=').map((part) => part.trim())
    const key = name.toUpperCase()
    if (!NETBIOS.test(name) || !DOMAIN.test(domain) || rest.length > 0)
      return problem(
        `${quoted(entry)} does not pair a NetBIOS name with a domain`,
        'Write CONTOSO=contoso.com.',
      )
    if (map[key] !== undefined && map[key] !== domain.toLowerCase())
      return problem(`${key} is given two domains`, 'Keep one of them.')
    map[key] = domain.toLowerCase()
  }
  return {value: map}
}

export function maxChanges(text: string): Parsed<string> {
  const [, number, percent] = /^(\d{1,9})(%?)$/.exec(text) ?? []
  return number === undefined || (percent === '%' && Number(number) > 100)
    ? problem(`${quoted(text)} is neither a number nor a percentage`, 'Give a limit such as 25 or 10%.')
    : {value: text}
}

export function count(value: number): Parsed<number> {
  return Number.isSafeInteger(value) && value >= 1
    ? {value}
    : problem(`${value} is not a whole number from 1 up`, 'Give a whole number.')
}

/** A bearer token as it stands in a header: no spaces, no line breaks. */
export function bearerToken(text: string): Parsed<string> {
  const value = text.replace(/^Bearer\s+/i, '')
  return /^[\x21-\x7e]+$/.test(value)
    ? {value}
    : problem(
        'is not a token: it holds spaces, line breaks or other characters',
        'Set it to the token alone.',
      )
}
