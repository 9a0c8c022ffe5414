import {join} from 'node:path'
import {afterEach, expect, test} from 'vitest'
import {readMapping} from '../../src/lib/source/mapping-file.js'
import {temporaryFolder} from '../helpers/bundle-files.js'

const folders: {remove(): Promise<void>}[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await folder.remove()
})

async function mapping(content: string): ReturnType<typeof readMapping> {
  const folder = await temporaryFolder({'map.csv': content})
  folders.push(folder)
  return readMapping(join(folder.path, 'map.csv'))
}

test('reads decided rows and leaves out the others', async () => {
  const {rows, problems} = await mapping(
    '\uFEFFUserPrincipalName;Username;Reason;Candidates;Note\r\na@contoso.com;"CONTOSO\\a";;;x\r\nb@contoso.com;;ambiguous;"b\r\nB";\r\n;c;;;\r\nd@contoso.com; d ;;;\r\n',
  )
  expect(rows).toEqual([
    {userPrincipalName: 'a@contoso.com', username: 'CONTOSO\\a', line: 2},
    {userPrincipalName: 'd@contoso.com', username: ' d ', line: 6},
  ])
  expect(problems).toEqual([expect.objectContaining({code: 'unknown-column', field: 'Note'})])
})

test('Reason and Candidates may be missing', async () => {
  const {rows} = await mapping('Username,UserPrincipalName\na,a@contoso.com')
  expect(rows).toEqual([{userPrincipalName: 'a@contoso.com', username: 'a', line: 2}])
})

test('all faults together', async () => {
  const error: unknown = await mapping(
    'UserPrincipalName,Username\na@contoso.com,x\nA@contoso.com,y\nb@contoso.com,x\nc@contoso.com\nd@contoso.com,X\n',
  ).catch((caught: unknown) => caught)
  expect(error).toMatchObject({exit: 'data', code: 'MAPPING_INVALID'})
  for (const text of [
    '3 faults',
    'line 5: the row has 1 values',
    'line 3: its UserPrincipalName stands also in line 2',
    'line 4: its Username stands also in line 2',
  ]) {
    expect(String(error)).toContain(text)
  }
})

test.each([
  ['', 'is empty'],
  ['upn,Username\n', 'has no column UserPrincipalName'],
  ['UserPrincipalName,username\n', 'column 2 is called "username"'],
  ['UserPrincipalName,Username\n"a', 'never closed'],
])('%j cannot be read', async (content, wanted) => {
  await expect(mapping(content)).rejects.toThrow(wanted)
})

test('no such file', async () => {
  await expect(readMapping(join('nowhere', 'map.csv'))).rejects.toThrow('there is no such file')
})
