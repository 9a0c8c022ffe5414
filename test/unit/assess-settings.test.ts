import {afterEach, describe, expect, test} from 'vitest'

import {assess} from '../../src/lib/assessment/assess.js'
import type {ServerSettings} from '../../src/lib/ports/server-settings.js'
import {openWebServiceSdk} from '../../src/lib/source/web-service-sdk/web-service-sdk.js'
import {openSeedFiles} from '../../src/lib/source/seed-file/seed-index.js'
import {withSeeds} from '../../src/lib/source/seed-file/with-seeds.js'
import {FakeClock} from '../fakes/clock.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {type PfFault, startPfServer, type PfServer, type PfServerOptions} from '../fakes/pf-server.js'
import {facts} from '../helpers/assessment.js'

const {signal} = new AbortController()
const opened: {close(): Promise<void>}[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

async function ask(
  options: PfServerOptions = {},
): Promise<{readonly server: PfServer; settings(): Promise<ServerSettings>}> {
  const server = await startPfServer([{username: 'anna'}], options)
  const source = await openWebServiceSdk(server.url, {
    clock: new FakeClock(),
    scratch: memoryScratch(),
    retries: 1,
  })
  opened.push(source, server)
  const seeded = withSeeds(source, await openSeedFiles([]))
  return {
    server,
    settings: async () => {
      // Joining seeds hides nothing.
      const read = await seeded.serverSettings?.(signal)
      if (read === undefined) throw new Error('no settings')
      return read
    },
  }
}

const FULL: PfServerOptions = {
  settings: {
    customerDefaults: {Mode: 'smsText', PinMode: 'pin', SmsMode: 'otpPlusPin', PhoneAppMode: 'pin', VoiceCallLanguage: 'de', MinimumPinLength: '4'},
    userPortalSettings: {Url: 'https://mfa.contoso.com/portal', AllowUserEnrollment: 'true', AllowOneTimeBypass: 'true', DeviceLimit: '7', UsersCanActivatePhoneApp: 'true', SessionTimeoutMinutes: '10'},
    adfsSettings: {UsersCanSwitchMode: 'true', UsersCanSwitchModeToSmsText: 'true'},
    features: {UserPortal: 'true', Adfs: 'true'},
    whitelist: [
      {SingleIp: '192.0.2.7', Netslash: '0'},
      {FromIp: '198.51.100.1', ToIp: '198.51.100.9', Netslash: '0'},
      {Subnet: '10.0.0.0', Netmask: '255.0.0.0', Netslash: '8'},
      {Subnet: '10.1.0.0', Netmask: '255.255.0.0', Netslash: '0'},
    ],
  },
} // prettier-ignore

test('all settings are read, each by its own operation', async () => {
  const {server, settings} = await ask(FULL)
  expect(await settings()).toMatchObject({
    defaults: {
      read: true,
      operation: 'GetCustomerDefaults_3',
      value: {
        mode: 'smsText',
        pinMode: 'pin',
        smsMode: 'otpPlusPin',
        voiceCallLanguage: 'de',
        minimumPinLength: 4,
      },
    },
    portal: {
      read: true,
      value: {
        url: 'https://mfa.contoso.com/portal',
        allowOneTimeBypass: true,
        usersCanSelectLanguage: false,
        deviceLimit: 7,
      },
    },
    adfs: {read: true, value: {usersCanSwitchMode: true, usersCanSwitchModeToPhoneApp: false}},
    features: {read: true, value: {userPortal: true, adfs: true, sms: undefined}},
    trustedIps: {
      read: true,
      value: ['192.0.2.7', '198.51.100.1-198.51.100.9', '10.0.0.0/8', '10.1.0.0/255.255.0.0'],
    },
  })
  const names = server.calls.map(({operation}) => operation)
  expect(
    names.filter(
      (name) =>
        !/^(TestSecurity|\?wsdl|Get(CustomerDefaults_3|UserPortalSettings|AdfsSettings|Features|UserPortalWhitelistIps))$/.test(
          name,
        ),
    ),
  ).toEqual([])
})

test('an older server gives what it has', async () => {
  const {settings} = await ask({...FULL, version: 1})
  const read = await settings()
  expect(read.defaults).toMatchObject({read: true, operation: 'GetCustomerDefaults'})
  expect(read.portal).toEqual({read: false, why: 'this server has no GetUserPortalSettings'})
  expect(read.adfs.read).toBe(false)
})

describe('one that is refused does not hide the others', () => {
  const ERROR = '<error><Code>7</Code><Description>Not allowed.</Description></error>'
  test.each<[string, (operation: string) => PfFault]>([
    ['a SOAP fault', () => ({kind: 'fault', text: 'Server was unable to process request.'})],
    ['HTTP 500', () => ({kind: 'status', status: 500})],
    ['HTTP 403', () => ({kind: 'status', status: 403})],
    ['a web page', () => ({kind: 'body', body: '<html></html>', contentType: 'text/html'})],
    [
      'a no of the operation itself',
      (name) => ({
        kind: 'body',
        body: `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><${name}Response xmlns="http://www.phonefactor.com/PfWsSdk"><${name}Result>false</${name}Result>${ERROR}</${name}Response></s:Body></s:Envelope>`,
      }),
    ],
    [
      'a yes with nothing in it',
      (name) => ({
        kind: 'body',
        body: `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><${name}Response xmlns="http://www.phonefactor.com/PfWsSdk"><${name}Result>true</${name}Result></${name}Response></s:Body></s:Envelope>`,
      }),
    ],
  ])('%s', async (_, fault) => {
    const name = 'GetUserPortalSettings'
    const {settings} = await ask({
      ...FULL,
      fault: ({operation}) => (operation === name ? fault(operation) : undefined),
    })
    const read = await settings()
    expect(read.portal).toMatchObject({read: false, why: expect.stringContaining(name)})
    expect(read.trustedIps.read && read.defaults.read && read.features.read).toBe(true)
    // And the assessment asks people.
    const {findings} = assess(await facts({settings: read}))
    const states = new Map(findings.map(({id, state}) => [id, state]))
    for (const id of ['B1', 'B3', 'B6']) expect([id, states.get(id)]).toEqual([id, 'unanswered'])
  })
})

test('a server that is gone ends the command', async () => {
  const {settings} = await ask({
    fault: ({operation}) => (operation === 'GetFeatures' ? {kind: 'reset'} : undefined),
  })
  await expect(settings()).rejects.toMatchObject({exit: 'unavailable'})
})
