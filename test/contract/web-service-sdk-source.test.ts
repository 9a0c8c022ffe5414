import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {stringify} from 'csv-stringify/sync'
import type {ServerUser} from '../../src/lib/model/server-user.js'
import {openSeedFiles} from '../../src/lib/source/seed-file/seed-index.js'
import {withSeeds} from '../../src/lib/source/seed-file/with-seeds.js'
import {openWebServiceSdk} from '../../src/lib/source/web-service-sdk/web-service-sdk.js'
import {FakeClock} from '../fakes/clock.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {startPfServer, type PfServerOptions, type PfUser} from '../fakes/pf-server.js'
import {temporaryFolder} from '../helpers/bundle-files.js'
import {KNOWS_ALL, sourceContract, type SourceFixture} from './source.contract.js'

/** Maker and model of a token are in no interface of the server: they come from the vendor's seed file. */
const live =
  (options: PfServerOptions, resultLimit: number) =>
  async (users: readonly ServerUser[]): Promise<SourceFixture> => {
    const {path, remove} = await temporaryFolder()
    const seeds = join(path, 'seeds.csv')
    await writeFile(seeds, seedFile(users))
    const server = await startPfServer(users.map(pfUser), options)
    const sdk = await openWebServiceSdk(server.url, {
      clock: new FakeClock(),
      scratch: memoryScratch(),
      resultLimit,
    })
    return {
      source: withSeeds(sdk, await openSeedFiles([seeds])),
      replace: async (later) => {
        server.users = later.map(pfUser)
      },
      close: async () => {
        await sdk.close()
        await server.close()
        await remove()
      },
    }
  }

const KNOWS = {...KNOWS_ALL, deviceSecret: false, deviceRegisteredAt: false, tokenHashFunction: false}
const KNEW = {...KNOWS, userPrincipalName: false, sid: false, lastModified: false}

sourceContract('web service, interface of 2016', live({version: 3}, 1000), KNEW)
sourceContract('web service, later interface, pages of 5', live({version: 4, error: 'zero'}, 5), KNOWS)

function seedFile(users: readonly ServerUser[]): string {
  const header = ['serial number', 'secret key', 'time interval', 'manufacturer', 'model']
  const rows = users.flatMap(({oathTokens}) =>
    oathTokens.map((token) => [
      token.serialNumber,
      token.secret?.reveal() ?? '',
      String(token.timeInterval ?? ''),
      token.manufacturer ?? '',
      token.model ?? '',
    ]),
  )
  return stringify([header, ...rows])
}

/** The record as MFA Server has it. */
function pfUser(user: ServerUser): PfUser {
  const [token] = user.oathTokens
  const text: Record<string, string | undefined> = {
    FirstName: user.firstName,
    LastName: user.lastName,
    EmailAddress: user.emailAddress,
    UserGroup: user.userGroup,
    CountryCode: user.phone?.countryCode ?? '',
    Phone: user.phone?.number ?? '',
    Extension: user.phone?.extension ?? '',
    BackupCountryCode: user.backupPhone?.countryCode,
    BackupPhone: user.backupPhone?.number,
    BackupExtension: user.backupPhone?.extension,
    Mode: user.mode,
    PinMode: user.pinMode ?? '',
    SmsDirection: user.smsDirection ?? '',
    SmsMode: user.smsMode ?? '',
    PhoneAppMode: user.phoneAppMode ?? '',
    Enabled: String(user.enabled),
    OathTokenExists: String(token !== undefined),
    OathTokenSerialNumber: token?.serialNumber,
    OathTokenSecretKey: token?.secret?.reveal(),
    OathTokenTimeInterval: token?.timeInterval === undefined ? undefined : String(token.timeInterval),
    PhoneAppActivated: String(user.devices.length > 0),
    Sid: user.sid,
    UserPrincipalName: user.userPrincipalName,
    LastModified: user.lastModified,
  }
  return {
    username: user.username,
    settings: defined(text),
    devices: user.devices.map(({name, token: deviceToken, appVersion}) =>
      defined({DeviceName: name, DeviceToken: deviceToken?.reveal(), PhoneAppVersion: appVersion}),
    ),
  }
}

function defined(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
