import type {AssessmentFacts} from '../../src/lib/assessment/assess.js'
import {
  type NumberCheck,
  type SurveyedUser,
  surveyUsers,
  type UserSurvey,
} from '../../src/lib/assessment/survey-users.js'
import type {SourceKey} from '../../src/lib/model/brand.js'
import type {ServerUser} from '../../src/lib/model/server-user.js'
import type {ServerSettings} from '../../src/lib/ports/server-settings.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {FakeUi} from '../fakes/ui.js'
import {serverUser} from '../fixtures/users.js'

/** A number of more than three digits can be dialled; one without a country code has no country. */
const check: NumberCheck = (phone) => {
  if (phone === undefined || phone.number === '') return 'none'
  if (phone.countryCode === undefined) return 'country-unknown'
  return phone.number.length > 3 ? 'dialable' : 'number-impossible'
}

export const named = (username: string, over: Partial<ServerUser> = {}): ServerUser =>
  serverUser({key: username as SourceKey, username, phone: {number: '4255550100', countryCode: '1'}, ...over})

export async function survey(users: Iterable<ServerUser | SurveyedUser>): Promise<UserSurvey> {
  async function* each() {
    for (const server of users) yield 'server' in server ? server : {server}
  }
  const scratch = memoryScratch()
  return surveyUsers(each(), {check, scratch, ui: new FakeUi()}, new AbortController().signal)
}

const read = <T>(operation: string, value: T) => ({read: true, value, operation}) as const

/** A server on which nothing of B is switched on. */
export const PLAIN_SETTINGS: ServerSettings = {
  defaults: read('GetCustomerDefaults_3', {
    mode: 'voiceCall',
    pinMode: 'standard',
    smsDirection: 'oneWay',
    smsMode: 'otp',
    phoneAppMode: 'standard',
  }),
  portal: read('GetUserPortalSettings', {
    url: undefined,
    allowUserEnrollment: false,
    promptForBackupPhone: false,
    promptForOathToken: false,
    allowOneTimeBypass: false,
    usersCanSwitchMode: false,
    usersCanSelectLanguage: false,
    usersCanActivatePhoneApp: false,
    enableSecurityQuestions: false,
    useOathTokenForFallback: false,
    usersCanEnrollOathToken: false,
    deviceLimit: 5,
  }),
  adfs: read('GetAdfsSettings', {
    allowUserEnrollment: false,
    promptForBackupPhone: false,
    promptForOathToken: false,
    usersCanSwitchMode: false,
    enableSecurityQuestions: false,
    useOathTokenForFallback: false,
  }),
  features: read('GetFeatures', {userPortal: false, adfs: true}),
  trustedIps: read('GetUserPortalWhitelistIps', []),
}

export async function facts(over: Partial<AssessmentFacts> = {}): Promise<AssessmentFacts> {
  return {
    settings: PLAIN_SETTINGS,
    users: over.users ?? (await survey([])),
    answers: {},
    policy: undefined,
    smsVoiceEnd: {date: '2027-02-01', past: false},
    entraRead: false,
    ...over,
  }
}
