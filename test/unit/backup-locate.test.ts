import {mkdir} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'

import {defaultDataFolders, findData, registryFacts} from '../../src/lib/backup/locate.js'
import {parseRegistryExport} from '../../src/lib/model/registry-export.js'
import {type BackupWorld, newBackupWorld} from '../helpers/backup-world.js'

const KEY = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Wow6432Node\\Positive Networks\\PhoneFactor'
const UNINSTALL = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall'
const facts = (body: string) =>
  registryFacts(parseRegistryExport(`Windows Registry Editor Version 5.00\n${body}`))
const FOLDER = 'D:\\Apps\\Multi-Factor Authentication Server\\Data'

test.each([
  [
    'the data file',
    `[${KEY}]\n"Whatever"="D:\\\\Apps\\\\Multi-Factor Authentication Server\\\\Data\\\\PhoneFactor.pfdata"`,
  ],
  ['the data folder', `[${KEY}]\n"Whatever"="D:\\\\Apps\\\\Multi-Factor Authentication Server\\\\Data\\\\"`],
  ['the install folder', `[${KEY}]\n"Whatever"="D:\\\\Apps\\\\Multi-Factor Authentication Server\\\\"`],
  [
    'what the service runs',
    '[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\MultiFactorAuth]\n"ImagePath"="\\"D:\\\\Apps\\\\Multi-Factor Authentication Server\\\\MultiFactorAuthSvc.exe\\" -x"',
  ],
  [
    'the list of programs',
    `[${UNINSTALL}\\{1}]\n"DisplayName"="Multi-Factor Authentication Server"\n"InstallLocation"="D:\\\\Apps\\\\Multi-Factor Authentication Server\\\\"`,
  ],
])('the data folder by %s', (_, body) => {
  expect(facts(body).data).toEqual([FOLDER])
})

test('the version, and the redistributables', () => {
  const program = (id: number, name: string, more = ''): string =>
    `[${UNINSTALL}\\{${id}}]\n"DisplayName"="${name}"\n${more}\n`
  const body =
    program(1, 'Multi-Factor Authentication Server', '"DisplayVersion"="8.0.1.1"') +
    program(2, 'Microsoft Visual C++ 2015 Redistributable (x64) - 14.0.23026')
  expect(facts(body)).toMatchObject({version: '8.0.1.1', redistributables: {x86: false, x64: true}})
  expect(
    facts(`${body}${program(3, 'Microsoft Visual C++ 2015-2019 Redistributable (x86) - 14.2')}`),
  ).toMatchObject({
    redistributables: {x86: true, x64: true},
  })
  expect(facts(`${body}${program(3, 'Microsoft Visual C++ 2013 Redistributable (x86)')}`)).toMatchObject({
    redistributables: {x86: false, x64: true},
  })
  expect(facts(`[${KEY}]\n"a"="b"`)).toEqual({
    data: [],
    role: 'unknown',
    version: undefined,
    redistributables: undefined,
  })
})

test.each([
  ['"Role"="Master"', 'primary'],
  ['"ServerRole"="subordinate"', 'subordinate'],
  ['"IsMaster"=dword:00000001', 'primary'],
  ['"IsMaster"=dword:00000000', 'subordinate'],
  ['"IsMaster"=dword:00000007', 'unknown'],
  ['"Role"="Master"\n"IsPrimary"=dword:00000000', 'unknown'],
  ['"MasterServer"="mfa1.contoso.com"', 'unknown'],
])('%s means %s', (line, role) => {
  expect(facts(`[${KEY}]\n${line}`).role).toBe(role)
})

test('where installers put it', () => {
  expect(defaultDataFolders({ProgramFiles: 'E:\\Programme'})).toEqual([
    'E:\\Programme\\Multi-Factor Authentication Server\\Data',
    'C:\\Program Files\\Multi-Factor Authentication Server\\Data',
    'E:\\Programme\\PhoneFactor\\Data',
    'C:\\Program Files\\PhoneFactor\\Data',
  ])
})

let world: BackupWorld
beforeEach(async () => {
  world = await newBackupWorld({'phonefactor.PFDATA': 'x', 'other.bin': 'y'})
})
afterEach(() => world.remove())

test('the folder that is given, or the one of the data file that is given', async () => {
  expect(await findData(world.data, [], world.store)).toBe(world.data)
  expect(await findData(join(world.data, 'phonefactor.PFDATA'), [], world.store)).toBe(world.data)
  for (const wrong of [join(world.data, 'other.bin'), join(world.folder, 'none')])
    await expect(findData(wrong, [world.data], world.store)).rejects.toMatchObject({
      exit: 'usage',
      message: `--data: ${wrong} is no folder`,
    })
})

test('else the first candidate that is there; none: every place is named', async () => {
  const second = join(world.folder, 'Second')
  await mkdir(second)
  const none = join(world.folder, 'none')
  expect(await findData(undefined, [none, second, world.data], world.store)).toBe(second)
  await expect(findData(undefined, [none, `${none}2`], world.store)).rejects.toMatchObject({
    exit: 'usage',
    message: expect.stringContaining(`${none}, ${none}2`),
    fix: expect.stringContaining('--data'),
  })
})
