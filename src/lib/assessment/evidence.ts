import {SERVER_MODES, type ServerMode} from '../model/server-user.js'
import type {ServerSettings} from '../ports/server-settings.js'
import type {DependencyId} from './catalogue.js'
import {bySettings, type Evidence, ONLY_PEOPLE, PEOPLE_ONLY, unknown, yes} from './settings-evidence.js'
import type {UserSurvey} from './survey-users.js'

/** Pure: the evidence for every dependency. Without `settings` (an export bundle) only the users speak. */
export function evidenceOf(
  id: DependencyId,
  settings: ServerSettings | undefined,
  users: UserSurvey,
): Evidence {
  if (ONLY_PEOPLE.has(id)) return PEOPLE_ONLY
  const ofUsers = BY_USERS[id]?.(users)
  if (settings === undefined) return ofUsers ?? unknown('An export bundle holds users, no settings.')
  const ofServer = bySettings(id, settings)
  if (ofUsers === undefined) return ofServer
  const applies = ofServer.applies === 'yes' ? 'yes' : ofUsers.applies
  return {...ofUsers, applies, detail: `${ofUsers.detail} ${ofServer.detail}`}
}

const some = (count: number, what: string): Evidence | undefined =>
  count === 0 ? undefined : yes(`${what}: ${count}.`)

/** Users speak only for what they show to be there; that nobody has it now says nothing of those to come. */
const BY_USERS: Readonly<Partial<Record<DependencyId, (users: UserSurvey) => Evidence | undefined>>> = {
  A2: ({pins}) => some(pins.voiceCall, 'Users who confirm calls with a PIN'),
  A3: ({pins}) => some(pins.smsText, 'Users with text message and PIN'),
  A4: ({pins}) => some(pins.phoneApp, 'Users who confirm in the app with a PIN'),
  A5: ({languages}) => listed('Languages of users', [...languages]),
  B4: (users) =>
    listed(
      'Default methods of users',
      methodsInUse(users).map((mode) => [MODE_NAMES[mode], users.modes[mode] ?? 0]),
    ),
  B8: (users) => some(users.tokens, 'OATH tokens of users') ?? oathWithoutTokens(users),
}

/** Codes of the mobile app count as this method too, so nobody can tell whether there are tokens besides. */
function oathWithoutTokens({modes}: UserSurvey): Evidence | undefined {
  const count = modes['oathToken'] ?? 0
  return count === 0
    ? undefined
    : unknown(`Users whose default is the OATH token: ${count}; no token was read of anybody.`)
}

function listed(
  what: string,
  counts: readonly (readonly [name: string, count: number])[],
): Evidence | undefined {
  return counts.length === 0
    ? undefined
    : yes(`${what}: ${counts.map(([name, count]) => `${name} (${count})`).join(', ')}.`)
}

/** Authentication Methods that enabled users have as their default. */
export const methodsInUse = ({modes}: UserSurvey): readonly ServerMode[] =>
  SERVER_MODES.filter((mode) => (modes[mode] ?? 0) > 0)

export const MODE_NAMES: Readonly<Record<ServerMode, string>> = {
  voiceCall: 'phone call',
  smsText: 'text message',
  phoneApp: 'mobile app',
  oathToken: 'OATH token',
}

/** Methods that users may change to on the server, whether anybody has or not. */
export function methodsOffered(settings: ServerSettings | undefined): readonly ServerMode[] {
  const places = [settings?.portal, settings?.adfs].flatMap((each) =>
    each?.read === true ? [each.value] : [],
  )
  const flags = {
    voiceCall: 'usersCanSwitchModeToVoiceCall',
    smsText: 'usersCanSwitchModeToSmsText',
    phoneApp: 'usersCanSwitchModeToPhoneApp',
    oathToken: 'usersCanSwitchModeToOathToken',
  } as const
  return SERVER_MODES.filter((mode) =>
    places.some((each) => each.usersCanSwitchMode === true && each[flags[mode]] === true),
  )
}
