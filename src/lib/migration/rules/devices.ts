import type {EntraAuthenticator} from '../../model/entra-user.js'
import type {AppDevice} from '../../model/server-user.js'
import type {Finding, ItemRef} from '../plan.js'
import {byText, finding, instant} from './draft.js'
import type {Draft, PlanUserInput} from './draft.js'
import {bring, standingOf} from './token-standing.js'
import type {WantedToken} from './token-standing.js'
import {FAULT, refuse, refuseShared, rememberedSerials} from './tokens.js'
import type {Claims, OathVerdict} from './tokens.js'

interface Ordered {
  readonly index: number
  readonly device: AppDevice
  readonly at: number | undefined
}

/**
 * D2–D6, U7: mobile app devices, newest first. `claims` holds what OATH tokens of the record stand for.
 * Older devices of one name are settled here (D2); the limit (D1, D7) is counted by the caller.
 */
export function judgeDevices(input: PlanUserInput, claims: Claims, draft: Draft): readonly OathVerdict[] {
  const free = [...input.methods.authenticators].sort((a, b) => byText(a.id, b.id))
  return newestOfEachName(input, draft).map(({device, index}) => {
    const item: ItemRef = `device:${index}`
    const verdict = judge(device, item, claims, input)
    if (verdict.kind === 'there') return verdict
    const push = pushFinding(device, item, free, verdict.kind === 'write')
    return {...verdict, findings: [push, ...verdict.findings]}
  })
}

/** D3, then D2. */
function newestOfEachName({server}: PlanUserInput, draft: Draft): readonly Ordered[] {
  if (server.devices.length < 2)
    return server.devices.map((device, index) => ({device, index, at: undefined}))
  const ordered = server.devices
    .map((device, index): Ordered => ({device, index, at: instant(device.registeredAt)}))
    .sort((a, b) => (b.at ?? -Infinity) - (a.at ?? -Infinity) || a.index - b.index)
  if (ordered.length > 1 && ordered.some((one) => one.at === undefined)) {
    // D3
    draft.findings.push(
      finding(
        'device-order-unknown',
        'D3',
        'user',
        "Some mobile app devices have no registration date; they come after the dated ones, in the server's order.",
      ),
    )
  }
  const names = new Set<string>()
  return ordered.filter(({device: {name}, index}) => {
    // A blank is no name: such devices are not known to be the same.
    if (name.trim() === '' || !names.has(name)) {
      names.add(name)
      return true
    }
    draft.findings.push(
      finding(
        'duplicate-device-name',
        'D2',
        `device:${index}`,
        `Another registration named ${quoted(name)} comes before this one (newest first); only that one is migrated.`,
      ),
    )
    return false
  })
}

/** D4, D6. Claims the secret if this device's code is or will be there. */
function judge(
  device: AppDevice,
  item: ItemRef,
  {seen, serials, secretHashes}: Claims,
  input: PlanUserInput,
): OathVerdict {
  const secret = device.oathSecret
  if (secret === undefined || secret.isEmpty) return {kind: 'refused', findings: []}
  const name = quoted(device.name)
  if (input.entra.isGuest) {
    return refuse(
      'guest-no-oath',
      'U7',
      item,
      `The codes of ${name} cannot be carried: Entra gives no OATH tokens to guests.`,
    )
  }
  const fault = secret.fault()
  if (fault !== undefined) {
    return refuse(
      'seed-invalid',
      'O5',
      item,
      `The OATH secret of ${name} is ${FAULT[fault]}; its codes are not carried.`,
    )
  }
  const hash = secret.keyedHash(input.hashKey)
  // D4: by remembered secret, else by the serial number that the secret itself gives.
  const own = secret.carriedSerial()
  const candidates = [...rememberedSerials(hash, input.memory), own]
  if (secretHashes.has(hash) || candidates.some((serial) => serials.has(serial))) {
    return refuse(
      'duplicate-token',
      'D6',
      item,
      `The codes of ${name} come from a secret that another device or token of this user has; it counts once.`,
    )
  }
  const known = candidates.map((one) => ({serial: one, standing: standingOf(one, input)}))
  const found =
    known.find((one) => one.standing.at === 'user') ?? known.find((one) => one.standing.at === 'inventory')
  const {serial, standing} = found ?? {serial: own, standing: standingOf(own, input)}
  seen.add(serial)
  const claim = () => {
    secretHashes.add(hash)
    serials.add(serial)
  }
  if (standing.at === 'user' && standing.activated) {
    claim()
    return {kind: 'there', there: {item, rule: 'D4', target: serial}, findings: []}
  }
  if (input.options.appCodes === 'skip') {
    return refuse(
      'app-codes-skipped',
      'D6',
      item,
      `The codes of ${name} are not carried because of --app-codes skip.`,
      serial,
    )
  }
  if (standing.at === 'elsewhere') {
    return refuse(
      'token-assigned-elsewhere',
      'D4',
      item,
      `The codes of ${name} (token ${serial}) are assigned to somebody else in Entra; nothing is written.`,
      serial,
    )
  }
  const what = `The token of the codes of ${name} (${serial})`
  const shared = standing.at === 'user' ? undefined : refuseShared(serial, 'D6', item, what, input)
  if (shared !== undefined) return shared
  claim()
  const wanted: WantedToken = {item, serialNumber: serial, ...(serial === own ? APP_CODE : {})}
  return {
    kind: 'write',
    item,
    needsSlot: standing.at !== 'user',
    steps: bring(wanted, standing, input.entra.id, {found: 'D4', made: 'D6'}),
    findings: [],
    name: `Mobile app device ${name}`,
  }
}

/** D6: the app's parameters, assumed; a refused activation tells. */
const APP_CODE = {
  manufacturer: 'MFA Server',
  model: 'Mobile app',
  timeIntervalInSeconds: 30,
  hashFunction: 'hmacsha1',
} as const

/** D5, D6: what becomes of the push registration. A match is used up. */
function pushFinding(
  device: AppDevice,
  item: ItemRef,
  free: EntraAuthenticator[],
  carried: boolean,
): Finding {
  const name = quoted(device.name)
  const at = free.findIndex(
    ({displayName, phoneAppVersion}) =>
      displayName === device.name && phoneAppVersion !== undefined && phoneAppVersion === device.appVersion,
  )
  const [match] = at < 0 ? [] : free.splice(at, 1)
  if (match !== undefined) {
    return finding(
      'device-matched',
      'D5',
      item,
      `${name} is taken for the Authenticator registration of that name and app version in Entra (Graph shows no device tokens); ` +
        'push stays as it is.',
      match.id,
    )
  }
  return finding(
    'push-needs-registration',
    'D6',
    item,
    `Push for ${name} cannot be migrated through Graph; the user registers Microsoft Authenticator at https://aka.ms/mfasetup` +
      `${carried ? '. The codes it shows go on working' : ''}.`,
  )
}

function quoted(name: string): string {
  return name.trim() === '' ? 'an unnamed device' : `"${name}"`
}
