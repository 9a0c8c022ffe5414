import type {UserPair} from '../migration/pair.js'
import type {Column, Output} from '../ports/output.js'
import {methodName} from './describe.js'
import {serverPhone} from './users-report.js'

interface Line {
  readonly what: string
  readonly server: string | readonly string[] | undefined
  readonly entra: string | readonly string[] | undefined
}

const columns: readonly Column<Line>[] = [
  {key: 'what', title: ' ', value: ({what}) => what, weight: 0},
  {key: 'server', title: 'Azure MFA Server', value: ({server}) => server, weight: 1},
  {key: 'entra', title: 'Microsoft Entra', value: ({entra}) => entra, weight: 1},
]

/** `mfa users show`: both sides next to each other. */
export async function showUser(pair: UserPair, out: Output): Promise<Readonly<Record<string, unknown>>> {
  await out.table(columns, lines(pair))
  if (pair.finding !== undefined) out.line(pair.finding.detail)
  const {entra, server, methods, finding} = pair
  return {entra, server: server ?? null, methods: methods ?? null, finding: finding ?? null}
}

function lines({entra, server, methods}: UserPair): readonly Line[] {
  const slot = (name: string): string | undefined =>
    methods?.phones.find((phone) => phone.slot === name)?.number
  return [
    {what: 'name', server: server?.username, entra: entra.userPrincipalName},
    {what: 'enabled', server: yesNo(server?.enabled), entra: yesNo(entra.accountEnabled)},
    {what: 'SID', server: server?.sid, entra: entra.onPremisesSecurityIdentifier},
    {what: 'default', server: server?.mode, entra: methods?.preferred && methodName(methods.preferred)},
    {what: 'system preferred', server: undefined, entra: yesNo(methods?.systemPreferred)},
    {what: 'phone / mobile', server: serverPhone(server?.phone), entra: slot('mobile')},
    {what: 'backup / alternate', server: serverPhone(server?.backupPhone), entra: slot('alternateMobile')},
    {what: 'office', server: undefined, entra: slot('office')},
    {
      what: 'apps',
      server: server?.devices.map(({name, appVersion}) => joined(name, appVersion)),
      entra: methods?.authenticators.map((app) => joined(app.displayName ?? app.id, app.phoneAppVersion)),
    },
    {
      what: 'OATH tokens',
      server: server?.oathTokens.map((token) => `${token.serialNumber}${token.secret ? '' : ' (no secret)'}`),
      entra: methods?.hardwareOath.map((token) => `${token.serialNumber ?? '?'} (${token.status})`),
    },
    {what: 'software OATH', server: undefined, entra: count(methods?.softwareOath.length)},
    {what: 'other methods', server: undefined, entra: methods?.others.map(({type}) => type)},
    {what: 'last modified', server: server?.lastModified, entra: undefined},
    {what: 'faults', server: server?.faults.map(({message}) => message), entra: undefined},
  ]
}

const yesNo = (value: boolean | undefined): string | undefined =>
  value === undefined ? undefined : value ? 'yes' : 'no'
const joined = (...parts: readonly (string | undefined)[]): string => parts.filter((part) => part).join(' ')
const count = (value: number | undefined): string | undefined => (value ? String(value) : undefined)
